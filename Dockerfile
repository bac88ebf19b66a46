# One image for every Airflow process and for the command line. Python 3.11 with the pinned requirements.
FROM python:3.11-slim-bookworm AS build
RUN apt-get update \
    && apt-get install --yes --no-install-recommends build-essential libmariadb-dev pkg-config \
    && rm -rf /var/lib/apt/lists/*
COPY requirements.txt /
COPY requirements-track.txt /
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --requirement /requirements.txt --requirement /requirements-track.txt

FROM python:3.11-slim-bookworm
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libmariadb3 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 50000 --home-dir /opt/airflow --create-home airflow \
    && install --directory --owner airflow /opt/lake
COPY --from=build /opt/venv /opt/venv
COPY dags /opt/segmentation/dags
COPY plugins /opt/segmentation/plugins
COPY include /opt/segmentation/include
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONPATH=/opt/segmentation:/opt/segmentation/plugins \
    PYTHONUNBUFFERED=1 \
    AIRFLOW_HOME=/opt/airflow \
    AIRFLOW__CORE__DAGS_FOLDER=/opt/segmentation/dags \
    AIRFLOW__CORE__PLUGINS_FOLDER=/opt/segmentation/plugins \
    SEGMENTATION_LAKE=/opt/lake
WORKDIR /opt/segmentation
USER airflow
