#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Creates a table in DynamoDB and loads the stream of a dump, on standard input, into it with boto3's batch writer, to
compare kv-import's speed with.

    boto3-load.py ENDPOINT TABLE
"""
import struct
import sys

import boto3

HEADER_SIZE = 19
KEYS = ("PartitionKey", "ItemKey")


def entries(stream):
    stream.read(HEADER_SIZE)
    while True:
        (fields,) = struct.unpack(">h", stream.read(2))
        if fields < 0:
            return
        yield [stream.read(struct.unpack(">i", stream.read(4))[0]) for _ in range(fields)]


dynamodb = boto3.resource("dynamodb", endpoint_url=sys.argv[1])
table = dynamodb.create_table(
    TableName=sys.argv[2],
    BillingMode="PAY_PER_REQUEST",
    AttributeDefinitions=[{"AttributeName": name, "AttributeType": "B"} for name in KEYS],
    KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in zip(KEYS, ("HASH", "RANGE"))],
)
# boto3's own waiter would wait twenty seconds.
dynamodb.meta.client.get_waiter("table_exists").wait(TableName=sys.argv[2], WaiterConfig={"Delay": 1})
with table.batch_writer() as batch:
    for partition, key, value in entries(sys.stdin.buffer):
        batch.put_item({"PartitionKey": partition, "ItemKey": key, "ItemValue": value})
