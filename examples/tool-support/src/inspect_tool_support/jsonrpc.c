#include "jsonrpc.h"

#include <stdbool.h>
#include <stdio.h>

#include "json.h"
#include "text.h"
#include "version.h"

static const struct json NULL_ID = {JSON_NULL, "null", 4};

/* The codes of the specification, section 5.1. */
struct rpc_error {
    int code;
    const char *message;
};
static const struct rpc_error PARSE_ERROR = {-32700, "Parse error"};
static const struct rpc_error INVALID_REQUEST = {-32600, "Invalid Request"};
static const struct rpc_error METHOD_NOT_FOUND = {-32601, "Method not found"};
static const struct rpc_error INVALID_PARAMS = {-32602, "Invalid params"};

/* A request whose form is right. */
struct request {
    struct json method;
    struct json id;     /* null for a notification, too */
    struct json params; /* valid if has_params */
    bool has_params;
    bool is_notification;
};

static void append_error(struct text *out, struct json id, struct rpc_error error, const char *detail) {
    char code[32];
    snprintf(code, sizeof code, "%d", error.code);
    text_append(out, "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":");
    text_append(out, code);
    text_append(out, ",\"message\":");
    text_append_json(out, error.message);
    text_append(out, ",\"data\":");
    text_append_json(out, detail);
    text_append(out, "},\"id\":");
    json_append(out, id);
    text_append(out, "}");
}

static void begin_result(struct text *out) {
    text_append(out, "{\"jsonrpc\":\"2.0\",\"result\":");
}

static void end_result(struct text *out, struct json id) {
    text_append(out, ",\"id\":");
    json_append(out, id);
    text_append(out, "}");
}

/* --- the methods: each appends its result, or says which params it wants --- */

static const char *without_params(const struct request *request) {
    return request->has_params && !json_is_empty(request->params) ? "this method takes no params" : NULL;
}

static const char *with_params(const struct request *request) {
    return request->has_params ? NULL : "this method needs params";
}

static void result_ping(const struct request *request, struct text *out) {
    (void)request;
    text_append_json(out, "pong");
}

static void result_version(const struct request *request, struct text *out) {
    (void)request;
    version_append(out);
}

static void result_echo(const struct request *request, struct text *out) {
    json_append(out, request->params);
}

static const struct {
    const char *name;
    const char *(*wrong_params)(const struct request *);
    void (*result)(const struct request *, struct text *);
} METHODS[] = {
    {"ping", without_params, result_ping},
    {"version", without_params, result_version},
    {"echo", with_params, result_echo},
};

static void answer_request(const struct request *request, struct text *out) {
    if (request->is_notification) return; /* section 4.1: never answered, not even with an error */
    for (size_t i = 0; i < sizeof METHODS / sizeof METHODS[0]; i++) {
        if (!json_string_is(request->method, METHODS[i].name)) continue;
        const char *wrong = METHODS[i].wrong_params(request);
        if (wrong != NULL) {
            append_error(out, request->id, INVALID_PARAMS, wrong);
            return;
        }
        begin_result(out);
        METHODS[i].result(request, out);
        end_result(out, request->id);
        return;
    }
    append_error(out, request->id, METHOD_NOT_FOUND, "the methods are ping, version, echo");
}

/* --- the form of a request, section 4 --- */

static bool is_id(struct json value) {
    return value.kind == JSON_STRING || value.kind == JSON_NUMBER || value.kind == JSON_NULL;
}

/* What is wrong with the form, or NULL. The id is filled in as soon as it is known: an error names it then. */
static const char *read_request(struct json value, struct request *request) {
    struct json version;
    if (value.kind == JSON_ARRAY) return "batches aren't supported";
    if (value.kind != JSON_OBJECT) return "a request is an object";

    size_t ids = json_member(value, "id", &request->id);
    if (ids > 1 || (ids == 1 && !is_id(request->id))) {
        request->id = NULL_ID;
        return "id must be one string, number or null";
    }
    request->is_notification = ids == 0;
    if (json_member(value, "jsonrpc", &version) != 1 || !json_string_is(version, "2.0")) return "jsonrpc must be \"2.0\"";
    if (json_member(value, "method", &request->method) != 1 || request->method.kind != JSON_STRING)
        return "method must be one string";
    size_t params = json_member(value, "params", &request->params);
    request->has_params = params > 0;
    if (params > 1 || (params == 1 && request->params.kind != JSON_OBJECT && request->params.kind != JSON_ARRAY))
        return "params must be one array or object";
    return NULL;
}

void jsonrpc_answer(const char *bytes, size_t length, struct text *response) {
    struct json value;
    struct json_error error;
    if (length > JSONRPC_MAX_REQUEST) {
        append_error(response, NULL_ID, INVALID_REQUEST, "the request is larger than 1 MiB");
        return;
    }
    if (!json_check(bytes, length, &value, &error)) {
        char detail[128];
        snprintf(detail, sizeof detail, "%s (byte %zu)", error.what, error.offset);
        append_error(response, NULL_ID, PARSE_ERROR, detail);
        return;
    }
    struct request request = {.id = NULL_ID};
    const char *wrong = read_request(value, &request);
    if (wrong != NULL)
        append_error(response, request.id, INVALID_REQUEST, wrong);
    else
        answer_request(&request, response);
}
