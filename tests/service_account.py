"""A service account's key that nobody else knows, and what a token signed with it says."""

import base64
import json
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

EMAIL = "reader@segmentation.iam.gserviceaccount.com"


def generate_key() -> dict[str, str]:
    """Generate a key file's content, as Google's console gives it."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return {
        "type": "service_account",
        "project_id": "segmentation",
        "private_key_id": "1",
        "private_key": private.decode(),
        "client_email": EMAIL,
        "token_uri": "http://127.0.0.1:1/token",
    }


def read_claims(authorization: str) -> dict[str, Any]:
    """Return the claims in the token of an ``Authorization`` header."""
    payload = authorization.removeprefix("Bearer ").split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))))
