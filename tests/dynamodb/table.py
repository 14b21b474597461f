#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads and changes DynamoDB tables, independently of the tested code.

    table.py URL call OPERATION JSON        prints the response
    table.py URL get OPERATION JSON MEMBER  a part of the answer, written as in Python, such as ['Table']['TableStatus']
    table.py URL rows TABLE                 all items but the version's, as rows of COPY: partition key, key, value
    table.py URL version TABLE              the version; - if there is none
    table.py URL note TABLE ATTRIBUTE       another attribute of the version's item
    table.py URL put TABLE PARTITION KEY VALUE
    table.py URL put-all TABLE < ENTRIES    puts entries, JSON lines with partition, key and value in base64
    table.py URL delete TABLE PARTITION KEY

Exits with 1 after an error response.
"""
import base64
import json
import sys
import urllib.error
import urllib.request

VERSION = (b"kv-internal-metadata", b"kv/schema/version")


class Refused(Exception):
    """An answer that is an error."""


def call(url, operation, parameters):
    request = urllib.request.Request(
        url,
        json.dumps(parameters).encode(),
        {
            "Content-Type": "application/x-amz-json-1.0",
            "X-Amz-Target": "DynamoDB_20120810." + operation,
            "X-Amz-Date": "20260101T000000Z",
            "Authorization": "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/dynamodb/aws4_request, "
            "SignedHeaders=host, Signature=0",
        },
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise Refused(f"{operation}: {error.code} {error.read().decode()}") from None


def binary(value):
    return {"B": base64.b64encode(value).decode()}


def key(partition, name):
    return {"PartitionKey": binary(partition), "ItemKey": binary(name)}


def items(url, table):
    parameters = {"TableName": table, "ConsistentRead": True}
    while True:
        answer = call(url, "Scan", parameters)
        yield from answer["Items"]
        if "LastEvaluatedKey" not in answer:
            return
        parameters["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def version_item(url, table):
    return call(url, "GetItem", {"TableName": table, "ConsistentRead": True, "Key": key(*VERSION)}).get("Item")


def version(url, table):
    item = version_item(url, table)
    return base64.b64decode(item["ItemValue"]["B"]).decode() if item else "-"


def rows(url, table):
    """All items but the version's, as (partition key, key, value)."""
    for item in items(url, table):
        fields = tuple(base64.b64decode(item[name]["B"]) for name in ("PartitionKey", "ItemKey", "ItemValue"))
        if fields[:2] == VERSION:
            continue
        # lakeFS would not know any other attributes.
        assert set(item) == {"PartitionKey", "ItemKey", "ItemValue"}, item
        yield fields


def main():
    url, command, *arguments = sys.argv[1:]
    if command == "call":
        print(json.dumps(call(url, arguments[0], json.loads(arguments[1]))))
    elif command == "get":
        print(eval("answer" + arguments[2], {"answer": call(url, arguments[0], json.loads(arguments[1]))}))
    elif command == "rows":
        for row in rows(url, *arguments):
            print("\t".join(r"\\x" + field.hex() for field in row))
    elif command == "version":
        print(version(url, *arguments))
    elif command == "note":
        print(version_item(url, arguments[0])[arguments[1]]["S"])
    elif command == "put":
        table, partition, name, value = arguments
        item = {**key(partition.encode(), name.encode()), "ItemValue": binary(value.encode())}
        call(url, "PutItem", {"TableName": table, "Item": item})
    elif command == "put-all":
        for entry in map(json.loads, sys.stdin):
            item = {name: {"B": entry[member]} for name, member in
                    (("PartitionKey", "partition"), ("ItemKey", "key"), ("ItemValue", "value"))}
            call(url, "PutItem", {"TableName": arguments[0], "Item": item})
    elif command == "delete":
        table, partition, name = arguments
        call(url, "DeleteItem", {"TableName": table, "Key": key(partition.encode(), name.encode())})


if __name__ == "__main__":
    try:
        main()
    except Refused as refused:
        sys.exit(str(refused))
