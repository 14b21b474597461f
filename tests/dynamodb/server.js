#!/usr/bin/env node
// A DynamoDB (dynalite), in memory, for tests; runs with the modules of install-deps --dynamodb-server in NODE_PATH.
//
//     server.js [LATENCY_MS]   prints its port, and serves until it is ended; each answer takes LATENCY_MS (0) longer
"use strict";
const dynalite = require("dynalite");

const latency = Number(process.argv[2] || 0);
// Long enough for a table to be seen while it is being made.
const server = dynalite({ createTableMs: 100, deleteTableMs: 100, maxItemSizeKb: 400 });
const answer = server.listeners("request")[0];

if (latency > 0) {
    server.removeAllListeners("request");
    server.on("request", (request, response) => setTimeout(() => answer(request, response), latency));
}
server.keepAliveTimeout = 60000;
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
process.on("SIGTERM", () => process.exit(0));
