/* Made by tools/tables.py from include/barker.h: do not edit. */

/* Each function that takes pointers, with NULL for all. */
static void null_pointers(void)
{
    CHECK(barker_webhook_clone(NULL) == NULL);
    barker_webhook_free(NULL);
    CHECK_EQUAL(barker_webhook_status(NULL), BARKER_ERR_NULL);
    CHECK(barker_webhook_error(NULL) != NULL);
    CHECK_EQUAL(barker_webhook_set_url(NULL, NULL), BARKER_ERR_NULL);
    CHECK(barker_webhook_url(NULL) == NULL);
    CHECK_EQUAL(barker_webhook_set_data(NULL, NULL, 1), BARKER_ERR_NULL);
    CHECK(barker_webhook_data(NULL, NULL) == NULL);
    CHECK_EQUAL(barker_webhook_set_content_type(NULL, NULL), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_webhook_add_header(NULL, NULL, NULL), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_webhook_clear_headers(NULL), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_webhook_set_id(NULL, NULL), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_webhook_set_secret(NULL, 1, NULL, 1), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_webhook_add_secret(NULL, 1, NULL, 1), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_webhook_set_key(NULL, NULL, 1), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_webhook_set_spelling(NULL, 1), BARKER_ERR_NULL);
    barker_buffer_free(NULL);
    CHECK_EQUAL(barker_webhook_send(NULL, NULL, NULL), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_webhook_send_data(NULL, NULL, 1, NULL, NULL), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_send_many(NULL, 1, 1, NULL, NULL), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_webhook_set_stopped(NULL, 1), BARKER_ERR_NULL);
    barker_engine_free(NULL);
    CHECK_EQUAL(barker_engine_set_limits(NULL, 1, 1), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_engine_add(NULL, NULL, NULL), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_engine_fd(NULL), -1);
    CHECK_EQUAL(barker_engine_timeout(NULL), 0);
    CHECK_EQUAL(barker_engine_step(NULL, 1), BARKER_ERR_NULL);
    CHECK(barker_engine_next(NULL, NULL) == NULL);
    CHECK_EQUAL(barker_engine_count(NULL), 0);
    CHECK_EQUAL(barker_engine_wake(NULL), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_webhook_response_status(NULL), 0);
    CHECK(barker_webhook_response_body(NULL, NULL) == NULL);
    CHECK(barker_webhook_response_header(NULL, NULL) == NULL);
    CHECK(barker_webhook_response_headers(NULL, NULL) == NULL);
    CHECK(barker_webhook_id(NULL) == NULL);
    CHECK(barker_webhook_timestamp(NULL) == NULL);
    CHECK(barker_webhook_signature(NULL) == NULL);
    barker_retry_free(NULL);
    CHECK_EQUAL(barker_retry_set_delays(NULL, NULL, 1), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_retry_set_jitter(NULL, 1), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_retry_set_retry_after(NULL, 1), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_retry_set_overload_delay(NULL, 1), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_retry_set_final_statuses(NULL, NULL, 1), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_retry_judge(NULL, NULL, 1, NULL), BARKER_VERDICT_DEAD);
    CHECK_EQUAL(barker_retry_judge_outcome(NULL, 1, 1, NULL, 1, NULL), BARKER_VERDICT_DEAD);
    CHECK_EQUAL(barker_webhook_verify(NULL, NULL, 1, NULL, 1), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_webhook_set_tolerance(NULL, 1), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_webhook_tolerance(NULL), 0);
    CHECK_EQUAL(barker_webhook_set_replay_limit(NULL, 1), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_webhook_forget(NULL, NULL, 1, NULL, 1), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_verify(1, NULL, 1, 1, NULL, 1, NULL, 1), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_webhook_set_timeout(NULL, 1), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_webhook_timeout(NULL), 0);
    CHECK_EQUAL(barker_webhook_set_idle_limits(NULL, 1, 1), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_webhook_set_max_connection_age(NULL, 1), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_webhook_close_idle(NULL), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_webhook_set_lookup_lifetime(NULL, 1), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_webhook_set_max_body(NULL, 1), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_webhook_set_redirects(NULL, 1, 1), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_webhook_set_proxy(NULL, NULL), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_webhook_set_proxy_from_environment(NULL), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_webhook_set_log(NULL, 1, NULL, NULL), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_webhook_set_address_policy(NULL, 1), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_webhook_allow_network(NULL, NULL), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_webhook_deny_network(NULL, NULL), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_webhook_allow_port(NULL, 1), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_webhook_set_https_only(NULL, 1), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_webhook_add_ca(NULL, NULL, 1), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_webhook_add_ca_file(NULL, NULL), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_webhook_set_platform_ca(NULL, 1), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_webhook_preload_ca(NULL), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_webhook_add_crl(NULL, NULL, 1), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_webhook_set_client_certificate(NULL, NULL, 1, NULL, 1), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_webhook_set_server_name(NULL, NULL), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_webhook_set_min_tls(NULL, 1), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_webhook_set_insecure_skip_verify(NULL, 1), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_webhook_sign_headers(NULL, NULL, NULL, 1, NULL), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_webhook_sign(NULL, NULL, NULL, 1, NULL, NULL), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_generate_secret(NULL), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_generate_key_pair(NULL, NULL), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_generate_id(NULL), BARKER_ERR_NULL);
}

/* Each that takes a handle and more, with NULL for the handle alone. */
static void null_handles(void)
{
    const barker_header header = {"X", "y"};
    const uint16_t status = 400;
    const uint32_t delay = 1;
    barker_webhook *const no_hook = NULL;
    CHECK_EQUAL(barker_webhook_set_url(NULL, "1"), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_webhook_set_data(NULL, "1", 1), BARKER_ERR_NULL);
    {
        size_t len = 99;
        CHECK(barker_webhook_data(NULL, &len) == NULL);
        CHECK_EQUAL(len, 0);
    }
    CHECK_EQUAL(barker_webhook_set_content_type(NULL, "1"), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_webhook_add_header(NULL, "1", "1"), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_webhook_set_id(NULL, "1"), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_webhook_set_secret(NULL, 1, "1", 1), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_webhook_add_secret(NULL, 1, "1", 1), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_webhook_set_key(NULL, "1", 1), BARKER_ERR_NULL);
    {
        uint16_t http_status = 99;
        barker_buffer body = dirty();
        CHECK_EQUAL(barker_webhook_send(NULL, &http_status, &body), BARKER_ERR_NULL);
        CHECK_EQUAL(http_status, 0);
        CHECK_ZEROED(body);
    }
    {
        uint16_t http_status = 99;
        barker_buffer body = dirty();
        CHECK_EQUAL(barker_webhook_send_data(NULL, "1", 1, &http_status, &body), BARKER_ERR_NULL);
        CHECK_EQUAL(http_status, 0);
        CHECK_ZEROED(body);
    }
    CHECK_EQUAL(barker_send_many(&no_hook, 1, 1, NULL, NULL), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_engine_add(NULL, NULL, NULL), BARKER_ERR_NULL);
    {
        size_t len = 99;
        CHECK(barker_webhook_response_body(NULL, &len) == NULL);
        CHECK_EQUAL(len, 0);
    }
    CHECK(barker_webhook_response_header(NULL, "1") == NULL);
    {
        size_t count = 99;
        CHECK(barker_webhook_response_headers(NULL, &count) == NULL);
        CHECK_EQUAL(count, 0);
    }
    CHECK_EQUAL(barker_retry_set_delays(NULL, &delay, 1), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_retry_set_final_statuses(NULL, &status, 1), BARKER_ERR_NULL);
    {
        uint32_t milliseconds = 99;
        CHECK_EQUAL(barker_retry_judge(NULL, NULL, 1, &milliseconds), BARKER_VERDICT_DEAD);
        CHECK_EQUAL(milliseconds, 0);
    }
    {
        uint32_t milliseconds = 99;
        CHECK_EQUAL(barker_retry_judge_outcome(NULL, 1, 1, "1", 1, &milliseconds),
            BARKER_VERDICT_DEAD);
        CHECK_EQUAL(milliseconds, 0);
    }
    CHECK_EQUAL(barker_webhook_verify(NULL, &header, 1, "1", 1), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_webhook_forget(NULL, &header, 1, "1", 1), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_webhook_set_proxy(NULL, "1"), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_webhook_set_log(NULL, 1, NULL, NULL), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_webhook_allow_network(NULL, "1"), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_webhook_deny_network(NULL, "1"), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_webhook_add_ca(NULL, "1", 1), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_webhook_add_ca_file(NULL, "1"), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_webhook_add_crl(NULL, "1", 1), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_webhook_set_client_certificate(NULL, "1", 1, "1", 1), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_webhook_set_server_name(NULL, "1"), BARKER_ERR_NULL);
    {
        barker_buffer headers = dirty();
        CHECK_EQUAL(barker_webhook_sign_headers(NULL, "1", "1", 1, &headers), BARKER_ERR_NULL);
        CHECK_ZEROED(headers);
    }
    {
        barker_buffer timestamp_out = dirty();
        barker_buffer signature_out = dirty();
        CHECK_EQUAL(barker_webhook_sign(NULL, "1", "1", 1, &timestamp_out, &signature_out),
            BARKER_ERR_NULL);
        CHECK_ZEROED(timestamp_out);
        CHECK_ZEROED(signature_out);
    }
}
