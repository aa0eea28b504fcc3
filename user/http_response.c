// SPDX-License-Identifier: GPL-2.0-only
#include "http_response.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "http_library.h"

#define REALM "pagetide"
#define KEPT_MOST ((size_t)32 << 20) /* of answers that nobody has read yet */

static size_t kept;

/* the page needs its own script, style sheet and figures; nobody needs more */
#define POLICY                                                                                         \
	"default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; " \
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

static void let_go(void *body)
{
	kept -= malloc_usable_size(body);
	free(body);
}

bool http_response__too_many(void)
{
	return kept > KEPT_MOST;
}

/* takes the body over; NULL: no memory */
static struct MHD_Response *make_response(struct http_response *response)
{
	static const struct {
		const char *name, *value;
	} of_all[] = {
		{ "X-Content-Type-Options", "nosniff" },
		{ "Content-Security-Policy", POLICY },
		{ "Referrer-Policy", "no-referrer" },
		{ MHD_HTTP_HEADER_CACHE_CONTROL, "no-store" },
	};
	struct MHD_Response *out;

	if (response->body) {
		kept += malloc_usable_size(response->body);
		out = mhd.create_response_from_buffer_with_free_callback(response->length, response->body, let_go);
	} else {
		out = mhd.create_response_from_buffer(0, "", MHD_RESPMEM_PERSISTENT);
	}
	if (!out) {
		if (response->body)
			let_go(response->body);
		return NULL;
	}
	mhd.add_response_header(out, MHD_HTTP_HEADER_CONTENT_TYPE, response->type ? response->type : "text/plain");
	for (size_t i = 0; i < sizeof(of_all) / sizeof(of_all[0]); i++)
		mhd.add_response_header(out, of_all[i].name, of_all[i].value);
	if (response->status == MHD_HTTP_METHOD_NOT_ALLOWED)
		mhd.add_response_header(out, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	return out;
}

enum MHD_Result http_response__send(struct MHD_Connection *connection, struct http_response *response)
{
	struct MHD_Response *out = make_response(response);
	enum MHD_Result result;

	if (!out)
		return MHD_NO;
	if (response->status == MHD_HTTP_UNAUTHORIZED)
		result = mhd.queue_basic_auth_fail_response(connection, REALM, out);
	else
		result = mhd.queue_response(connection, response->status, out);
	mhd.destroy_response(out);
	return result;
}

enum MHD_Result http_response__refuse(struct MHD_Connection *connection, unsigned status, const char *why)
{
	struct http_response response = { .status = status, .body = strdup(why), .type = "text/plain; charset=utf-8" };

	response.length = response.body ? strlen(response.body) : 0;
	return http_response__send(connection, &response);
}
