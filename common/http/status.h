/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTTP status codes that the programs tell apart (RFC 9110, section 15).
 */
#ifndef COMMON_HTTP_STATUS_H
#define COMMON_HTTP_STATUS_H

enum {
    HTTP_OK = 200,
    HTTP_BAD_REQUEST = 400,
    HTTP_NOT_FOUND = 404,
    HTTP_REQUEST_TIMEOUT = 408,
    HTTP_TOO_MANY_REQUESTS = 429,
    HTTP_SERVER_ERROR = 500, /* and all above */
    HTTP_NOT_IMPLEMENTED = 501
};

#endif
