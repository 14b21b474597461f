# SPDX-License-Identifier: Apache-2.0
"""Whether a request is signed as AWS wants it; runs in the Python of install-deps --s3-server, by botocore's signature."""
import datetime
import hashlib

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

CLOCK = datetime.timedelta(minutes=5)


def fields(authorization):
    """The members of "AWS4-HMAC-SHA256 Credential=..., SignedHeaders=..., Signature=..."."""
    algorithm, _, rest = authorization.partition(" ")
    if algorithm != "AWS4-HMAC-SHA256":
        return {}
    return dict(part.strip().partition("=")[::2] for part in rest.split(","))


def signature(method, url, headers, body, credentials, region, service):
    """What botocore would sign these headers with."""
    request = AWSRequest(method=method, url=url, headers=headers, data=body)
    request.context["timestamp"] = headers["x-amz-date"]
    auth = SigV4Auth(credentials, service, region)
    return auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request)


def is_signed(method, path, headers, body, region, user):
    """headers have small names. What is not in the signature could be changed on the way."""
    given = fields(headers["authorization"])
    names = given.get("SignedHeaders", "").split(";")
    time = headers.get("x-amz-date", "")
    needed = {"host"} | {name for name in headers if name.startswith("x-amz-")}
    if given.get("Credential", "").split("/")[1:] != [time[:8], region, "dynamodb", "aws4_request"] or needed - set(names):
        return False
    age = datetime.datetime.now(datetime.timezone.utc) - datetime.datetime.strptime(time + "+0000", "%Y%m%dT%H%M%SZ%z")
    # botocore trusts the header for the body's hash.
    if abs(age) > CLOCK or headers.get("x-amz-content-sha256", "") not in ("", hashlib.sha256(body).hexdigest()):
        return False
    signed = {name: headers[name] for name in names}
    credentials = Credentials(given["Credential"].split("/")[0], user["secret"])
    return given["Signature"] == signature(method, "http://" + headers["host"] + path, signed, body, credentials, region, "dynamodb")


def judge(method, path, headers, body, known):
    """None, or the code of DynamoDB's error. known: {"region": NAME, "users": {ACCESS KEY: {"secret": ..., "token": ... (in
    temporary credentials), "error": the code that the user gets with a right signature (or none)}}}."""
    headers = {name.lower(): value for name, value in headers.items()}
    if "authorization" not in headers:
        return "MissingAuthenticationTokenException"
    key = fields(headers["authorization"]).get("Credential", "").split("/")[0]
    user = known["users"].get(key)
    if user is None or user.get("token") != headers.get("x-amz-security-token"):
        return "UnrecognizedClientException"
    if not is_signed(method, path, headers, body, known["region"], user):
        return "InvalidSignatureException"
    return user.get("error")
