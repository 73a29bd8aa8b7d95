/* The ABI: each part with the version that brought it. `make abi` adds to it; nothing in it is ever
 * changed or removed. tests/c/abi.c says what each line means. */
ENUM("0.1.0", barker_status, int32_t)
FUNCTION("0.1.0", barker_webhook_new, barker_webhook *, (void))
FUNCTION("0.1.0", barker_webhook_clone, barker_webhook *, (const barker_webhook *hook))
FUNCTION("0.1.0", barker_webhook_free, void, (barker_webhook *hook))
FUNCTION("0.1.0", barker_webhook_status, barker_status, (const barker_webhook *hook))
FUNCTION("0.1.0", barker_webhook_error, const char *, (const barker_webhook *hook))
FUNCTION("0.1.0", barker_webhook_set_url, barker_status, (barker_webhook *hook, const char *url))
FUNCTION("0.1.0", barker_webhook_url, const char *, (const barker_webhook *hook))
FUNCTION("0.1.0", barker_webhook_set_data, barker_status, (barker_webhook *hook, const void *data,
    size_t len))
FUNCTION("0.1.0", barker_webhook_data, const uint8_t *, (const barker_webhook *hook, size_t *len))
FUNCTION("0.1.0", barker_webhook_set_content_type, barker_status, (barker_webhook *hook,
    const char *content_type))
FUNCTION("0.1.0", barker_webhook_add_header, barker_status, (barker_webhook *hook, const char *name,
    const char *value))
FUNCTION("0.1.0", barker_webhook_clear_headers, barker_status, (barker_webhook *hook))
FUNCTION("0.1.0", barker_webhook_set_id, barker_status, (barker_webhook *hook, const char *id))
ENUM("0.1.0", barker_scheme, int32_t)
VALUE("0.1.0", barker_scheme, BARKER_SCHEME_BARKER, 0)
VALUE("0.1.0", barker_scheme, BARKER_SCHEME_BARKER_SHA256, 1)
VALUE("0.1.0", barker_scheme, BARKER_SCHEME_BARKER_SHA512, 2)
VALUE("0.1.0", barker_scheme, BARKER_SCHEME_STANDARD, 10)
VALUE("0.1.0", barker_scheme, BARKER_SCHEME_SVIX, 11)
VALUE("0.1.0", barker_scheme, BARKER_SCHEME_GITHUB, 20)
VALUE("0.1.0", barker_scheme, BARKER_SCHEME_STRIPE, 21)
VALUE("0.1.0", barker_scheme, BARKER_SCHEME_SLACK, 22)
VALUE("0.1.0", barker_scheme, BARKER_SCHEME_SHOPIFY, 23)
FUNCTION("0.1.0", barker_webhook_set_secret, barker_status, (barker_webhook *hook,
    barker_scheme scheme, const void *secret, size_t len))
FUNCTION("0.1.0", barker_webhook_add_secret, barker_status, (barker_webhook *hook,
    barker_scheme scheme, const void *secret, size_t len))
FUNCTION("0.1.0", barker_webhook_set_key, barker_status, (barker_webhook *hook, const void *key,
    size_t len))
ENUM("0.1.0", barker_spelling, int32_t)
VALUE("0.1.0", barker_spelling, BARKER_SPELLING_UNDERSCORE, 0)
VALUE("0.1.0", barker_spelling, BARKER_SPELLING_DASH, 1)
VALUE("0.1.0", barker_spelling, BARKER_SPELLING_BOTH, 2)
FUNCTION("0.1.0", barker_webhook_set_spelling, barker_status, (barker_webhook *hook,
    barker_spelling spelling))
STRUCT("0.1.0", barker_buffer, uint8_t *data; size_t len; size_t capacity; size_t reserved;)
MEMBER("0.1.0", barker_buffer, data)
MEMBER("0.1.0", barker_buffer, len)
MEMBER("0.1.0", barker_buffer, capacity)
MEMBER("0.1.0", barker_buffer, reserved)
FUNCTION("0.1.0", barker_buffer_free, void, (barker_buffer *buffer))
FUNCTION("0.1.0", barker_webhook_send, barker_status, (barker_webhook *hook, uint16_t *http_status,
    barker_buffer *body))
FUNCTION("0.1.0", barker_webhook_send_data, barker_status, (barker_webhook *hook, const void *data,
    size_t len, uint16_t *http_status, barker_buffer *body))
CALLBACK("0.1.0", barker_progress, int32_t, (void *user, size_t index, barker_status status))
FUNCTION("0.1.0", barker_send_many, barker_status, (barker_webhook *const *hooks, size_t count,
    uint32_t max_in_flight, barker_progress progress, void *user))
FUNCTION("0.1.0", barker_webhook_set_stopped, barker_status, (const barker_webhook *hook,
    int32_t stopped))
STRUCT("0.1.0", barker_header, const char *name; const char *value;)
MEMBER("0.1.0", barker_header, name)
MEMBER("0.1.0", barker_header, value)
FUNCTION("0.1.0", barker_webhook_response_status, uint16_t, (const barker_webhook *hook))
FUNCTION("0.1.0", barker_webhook_response_body, const uint8_t *, (const barker_webhook *hook,
    size_t *len))
FUNCTION("0.1.0", barker_webhook_response_header, const char *, (const barker_webhook *hook,
    const char *name))
FUNCTION("0.1.0", barker_webhook_response_headers, const barker_header *,
    (const barker_webhook *hook, size_t *count))
FUNCTION("0.1.0", barker_webhook_id, const char *, (const barker_webhook *hook))
FUNCTION("0.1.0", barker_webhook_timestamp, const char *, (const barker_webhook *hook))
FUNCTION("0.1.0", barker_webhook_signature, const char *, (const barker_webhook *hook))
FUNCTION("0.1.0", barker_webhook_verify, barker_status, (const barker_webhook *hook,
    const barker_header *headers, size_t count, const void *body, size_t len))
FUNCTION("0.1.0", barker_webhook_set_tolerance, barker_status, (barker_webhook *hook,
    uint32_t seconds))
FUNCTION("0.1.0", barker_webhook_tolerance, uint32_t, (const barker_webhook *hook))
FUNCTION("0.1.0", barker_webhook_set_replay_limit, barker_status, (barker_webhook *hook,
    uint32_t messages))
FUNCTION("0.1.0", barker_webhook_forget, barker_status, (const barker_webhook *hook,
    const barker_header *headers, size_t count, const void *body, size_t len))
FUNCTION("0.1.0", barker_verify, barker_status, (barker_scheme scheme, const void *secret,
    size_t secret_len, uint32_t tolerance, const barker_header *headers, size_t count,
    const void *body, size_t len))
FUNCTION("0.1.0", barker_webhook_set_timeout, barker_status, (barker_webhook *hook,
    uint32_t milliseconds))
FUNCTION("0.1.0", barker_webhook_timeout, uint32_t, (const barker_webhook *hook))
FUNCTION("0.1.0", barker_webhook_set_idle_limits, barker_status, (barker_webhook *hook,
    uint32_t connections, uint32_t seconds))
FUNCTION("0.1.0", barker_webhook_set_max_connection_age, barker_status, (barker_webhook *hook,
    uint32_t seconds))
FUNCTION("0.1.0", barker_webhook_close_idle, barker_status, (barker_webhook *hook))
FUNCTION("0.1.0", barker_webhook_set_lookup_lifetime, barker_status, (barker_webhook *hook,
    uint32_t seconds))
FUNCTION("0.1.0", barker_webhook_set_max_body, barker_status, (barker_webhook *hook,
    uint32_t bytes))
FUNCTION("0.1.0", barker_webhook_set_redirects, barker_status, (barker_webhook *hook, uint32_t max,
    int32_t to_other_origins))
FUNCTION("0.1.0", barker_webhook_set_proxy, barker_status, (barker_webhook *hook, const char *url))
FUNCTION("0.1.0", barker_webhook_set_proxy_from_environment, barker_status, (barker_webhook *hook))
ENUM("0.1.0", barker_log_level, int32_t)
VALUE("0.1.0", barker_log_level, BARKER_LOG_OFF, 0)
VALUE("0.1.0", barker_log_level, BARKER_LOG_ERROR, 1)
VALUE("0.1.0", barker_log_level, BARKER_LOG_INFO, 2)
VALUE("0.1.0", barker_log_level, BARKER_LOG_DEBUG, 3)
CALLBACK("0.1.0", barker_log, void, (void *user, barker_log_level level, const char *line))
FUNCTION("0.1.0", barker_webhook_set_log, barker_status, (barker_webhook *hook,
    barker_log_level level, barker_log log, void *user))
ENUM("0.1.0", barker_addresses, int32_t)
VALUE("0.1.0", barker_addresses, BARKER_ADDRESSES_ANY, 0)
VALUE("0.1.0", barker_addresses, BARKER_ADDRESSES_PUBLIC, 1)
VALUE("0.1.0", barker_addresses, BARKER_ADDRESSES_LISTED, 2)
FUNCTION("0.1.0", barker_webhook_set_address_policy, barker_status, (barker_webhook *hook,
    barker_addresses addresses))
FUNCTION("0.1.0", barker_webhook_allow_network, barker_status, (barker_webhook *hook,
    const char *network))
FUNCTION("0.1.0", barker_webhook_deny_network, barker_status, (barker_webhook *hook,
    const char *network))
FUNCTION("0.1.0", barker_webhook_allow_port, barker_status, (barker_webhook *hook, uint32_t port))
FUNCTION("0.1.0", barker_webhook_set_https_only, barker_status, (barker_webhook *hook,
    int32_t https_only))
FUNCTION("0.1.0", barker_webhook_add_ca, barker_status, (barker_webhook *hook, const void *pem,
    size_t len))
FUNCTION("0.1.0", barker_webhook_add_ca_file, barker_status, (barker_webhook *hook,
    const char *path))
FUNCTION("0.1.0", barker_webhook_set_platform_ca, barker_status, (barker_webhook *hook,
    int32_t trusted))
FUNCTION("0.1.0", barker_webhook_add_crl, barker_status, (barker_webhook *hook, const void *pem,
    size_t len))
FUNCTION("0.1.0", barker_webhook_set_client_certificate, barker_status, (barker_webhook *hook,
    const void *pem, size_t len, const void *key, size_t key_len))
FUNCTION("0.1.0", barker_webhook_set_server_name, barker_status, (barker_webhook *hook,
    const char *name))
ENUM("0.1.0", barker_tls, int32_t)
VALUE("0.1.0", barker_tls, BARKER_TLS_1_2, 12)
VALUE("0.1.0", barker_tls, BARKER_TLS_1_3, 13)
FUNCTION("0.1.0", barker_webhook_set_min_tls, barker_status, (barker_webhook *hook,
    barker_tls version))
FUNCTION("0.1.0", barker_webhook_set_insecure_skip_verify, barker_status, (barker_webhook *hook,
    int32_t skip))
FUNCTION("0.1.0", barker_webhook_sign_headers, barker_status, (const barker_webhook *hook,
    const char *timestamp, const void *data, size_t len, barker_buffer *headers))
FUNCTION("0.1.0", barker_webhook_sign, barker_status, (const barker_webhook *hook,
    const char *timestamp, const void *data, size_t len, barker_buffer *timestamp_out,
    barker_buffer *signature_out))
FUNCTION("0.1.0", barker_generate_secret, barker_status, (barker_buffer *secret))
FUNCTION("0.1.0", barker_generate_key_pair, barker_status, (barker_buffer *private_key,
    barker_buffer *public_key))
FUNCTION("0.1.0", barker_generate_id, barker_status, (barker_buffer *id))
FUNCTION("0.1.0", barker_version, const char *, (void))
FUNCTION("0.1.0", barker_version_number, uint32_t, (void))
VALUE("0.1.0", barker_status, BARKER_OK, 0)
VALUE("0.1.0", barker_status, BARKER_ERR_NULL, 100)
VALUE("0.1.0", barker_status, BARKER_ERR_UTF8, 101)
VALUE("0.1.0", barker_status, BARKER_ERR_URL, 102)
VALUE("0.1.0", barker_status, BARKER_ERR_HEADER, 103)
VALUE("0.1.0", barker_status, BARKER_ERR_RANGE, 104)
VALUE("0.1.0", barker_status, BARKER_ERR_SECRET, 105)
VALUE("0.1.0", barker_status, BARKER_ERR_ID, 106)
VALUE("0.1.0", barker_status, BARKER_ERR_CERTIFICATE, 107)
VALUE("0.1.0", barker_status, BARKER_ERR_RESOLVE, 200)
VALUE("0.1.0", barker_status, BARKER_ERR_CONNECT, 201)
VALUE("0.1.0", barker_status, BARKER_ERR_TLS, 202)
VALUE("0.1.0", barker_status, BARKER_ERR_SEND, 203)
VALUE("0.1.0", barker_status, BARKER_ERR_RECEIVE, 204)
VALUE("0.1.0", barker_status, BARKER_ERR_TIMEOUT, 205)
VALUE("0.1.0", barker_status, BARKER_ERR_PROTOCOL, 206)
VALUE("0.1.0", barker_status, BARKER_ERR_TOO_LARGE, 207)
VALUE("0.1.0", barker_status, BARKER_ERR_STOPPED, 208)
VALUE("0.1.0", barker_status, BARKER_ERR_REFUSED, 209)
VALUE("0.1.0", barker_status, BARKER_ERR_PROXY, 210)
VALUE("0.1.0", barker_status, BARKER_ERR_RESOLVE_AGAIN, 211)
VALUE("0.1.0", barker_status, BARKER_ERR_CERTIFICATE_EXPIRED, 220)
VALUE("0.1.0", barker_status, BARKER_ERR_CERTIFICATE_NAME, 221)
VALUE("0.1.0", barker_status, BARKER_ERR_CERTIFICATE_ISSUER, 222)
VALUE("0.1.0", barker_status, BARKER_ERR_CERTIFICATE_SELF_SIGNED, 223)
VALUE("0.1.0", barker_status, BARKER_ERR_CERTIFICATE_REVOKED, 224)
VALUE("0.1.0", barker_status, BARKER_ERR_HEADER_MISSING, 300)
VALUE("0.1.0", barker_status, BARKER_ERR_HEADER_MALFORMED, 301)
VALUE("0.1.0", barker_status, BARKER_ERR_HEADER_AMBIGUOUS, 302)
VALUE("0.1.0", barker_status, BARKER_ERR_SIGNATURE, 303)
VALUE("0.1.0", barker_status, BARKER_ERR_TOO_OLD, 304)
VALUE("0.1.0", barker_status, BARKER_ERR_TOO_NEW, 305)
VALUE("0.1.0", barker_status, BARKER_ERR_REPLAYED, 306)
VALUE("0.1.0", barker_status, BARKER_ERR_REPLAY_FULL, 307)
VALUE("0.1.0", barker_status, BARKER_ERR_INTERNAL, 900)
VALUE("0.1.0", barker_status, BARKER_ERR_SYSTEM, 901)
FUNCTION("0.1.0", barker_status_string, const char *, (barker_status status))
ENUM("0.1.0", barker_verdict, int32_t)
VALUE("0.1.0", barker_verdict, BARKER_VERDICT_DELIVERED, 0)
VALUE("0.1.0", barker_verdict, BARKER_VERDICT_RETRY, 1)
VALUE("0.1.0", barker_verdict, BARKER_VERDICT_DEAD, 2)
VALUE("0.1.0", barker_verdict, BARKER_VERDICT_GONE, 3)
FUNCTION("0.1.0", barker_retry_new, barker_retry *, (void))
FUNCTION("0.1.0", barker_retry_free, void, (barker_retry *retry))
FUNCTION("0.1.0", barker_retry_set_delays, barker_status, (barker_retry *retry,
    const uint32_t *milliseconds, size_t count))
FUNCTION("0.1.0", barker_retry_set_jitter, barker_status, (barker_retry *retry, uint32_t percent))
FUNCTION("0.1.0", barker_retry_set_retry_after, barker_status, (barker_retry *retry,
    uint32_t seconds))
FUNCTION("0.1.0", barker_retry_set_overload_delay, barker_status, (barker_retry *retry,
    uint32_t milliseconds))
FUNCTION("0.1.0", barker_retry_set_final_statuses, barker_status, (barker_retry *retry,
    const uint16_t *statuses, size_t count))
FUNCTION("0.1.0", barker_retry_judge, barker_verdict, (const barker_retry *retry,
    const barker_webhook *hook, uint32_t tries, uint32_t *milliseconds))
FUNCTION("0.1.0", barker_retry_judge_outcome, barker_verdict, (const barker_retry *retry,
    barker_status status, uint16_t http_status, const char *retry_after, uint32_t tries,
    uint32_t *milliseconds))
