"""The space of distances: distinct vectors with counts, scaling, components and nearest prototypes."""
