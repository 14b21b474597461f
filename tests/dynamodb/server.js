#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// A DynamoDB (dynalite), in memory, for tests and measurements; runs with the modules of install-deps --dynamodb-server in
// NODE_PATH.
//
//     server.js [LATENCY_MS [forgetful|prompt]]   prints its port, and serves until it is ended
//
// Each response takes LATENCY_MS (0) longer.  In mode forgetful, batches are counted and discarded, which is as fast as
// a client can be.  In mode prompt, tables are created and deleted at once.
"use strict";
const dynalite = require("dynalite");

const latency = Number(process.argv[2] || 0);
const forgetful = process.argv[3] === "forgetful";
// Long enough for a table to be seen while it is being created.
const tableMs = process.argv[3] === "prompt" ? 0 : 100;
const server = dynalite({ createTableMs: tableMs, deleteTableMs: tableMs, maxItemSizeKb: 400 });
const dynamodb = server.listeners("request")[0];
let items = 0;

// take: a batch, or the count of a segment; the first segment has everything.
function take(request, response) {
    const parts = [];
    request.on("data", (part) => parts.push(part));
    request.on("end", () => {
        const body = JSON.parse(Buffer.concat(parts));
        let answer = { UnprocessedItems: {} };
        if (body.RequestItems) {
            items += Object.values(body.RequestItems)[0].length;
        } else {
            // One more for the version.
            answer = { Count: body.Segment === 0 ? items + 1 : 0 };
        }
        response.setHeader("Content-Type", "application/x-amz-json-1.0");
        response.end(JSON.stringify(answer));
    });
}

function answer(request, response) {
    const operation = String(request.headers["x-amz-target"]).split(".")[1];
    // Until something was written, scans read the table.
    if (forgetful && (operation === "BatchWriteItem" || (operation === "Scan" && items > 0))) {
        take(request, response);
    } else {
        dynamodb(request, response);
    }
}

server.removeAllListeners("request");
server.on("request", (request, response) => setTimeout(() => answer(request, response), latency));
server.keepAliveTimeout = 60000;
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
// Unlike dynalite, survive a truncated request.
process.on("uncaughtException", (error) => {
    if (error.code !== "ECONNRESET") {
        throw error;
    }
});
process.on("SIGTERM", () => process.exit(0));
