# frozen_string_literal: true

# Made by tools/tables.py from include/barker.h: do not edit.
module Barker
  module Native # :nodoc:
    ENUMERATIONS = {
      "barker_scheme" => {
        barker: 0, barker_sha256: 1, barker_sha512: 2, standard: 10, svix: 11, github: 20,
        stripe: 21, slack: 22, shopify: 23
      }.freeze,
      "barker_spelling" => { underscore: 0, dash: 1, both: 2 }.freeze,
      "barker_verdict" => { delivered: 0, retry: 1, dead: 2, gone: 3 }.freeze,
      "barker_log_level" => { off: 0, error: 1, info: 2, debug: 3 }.freeze,
      "barker_addresses" => { any: 0, public: 1, listed: 2 }.freeze,
      "barker_tls" => { TLS1_2: 12, TLS1_3: 13 }.freeze,
      "barker_status" => {
        ok: 0, null: 100, utf8: 101, url: 102, header: 103, range: 104, secret: 105, id: 106,
        certificate: 107, busy: 108, resolve: 200, connect: 201, tls: 202, send: 203, receive: 204,
        timeout: 205, protocol: 206, too_large: 207, stopped: 208, refused: 209, proxy: 210,
        resolve_again: 211, certificate_expired: 220, certificate_name: 221,
        certificate_issuer: 222, certificate_self_signed: 223, certificate_revoked: 224,
        header_missing: 300, header_malformed: 301, header_ambiguous: 302, signature: 303,
        too_old: 304, too_new: 305, replayed: 306, replay_full: 307, internal: 900, system: 901
      }.freeze,
    }.freeze

    # The types of each function's result and parameters.
    FUNCTIONS = {
      webhook_new: ["barker_webhook *"],
      webhook_clone: ["barker_webhook *", "const barker_webhook *"],
      webhook_free: ["void", "barker_webhook *"],
      webhook_status: ["barker_status", "const barker_webhook *"],
      webhook_error: ["const char *", "const barker_webhook *"],
      webhook_set_url: ["barker_status", "barker_webhook *", "const char *"],
      webhook_url: ["const char *", "const barker_webhook *"],
      webhook_set_data: ["barker_status", "barker_webhook *", "const void *", "size_t"],
      webhook_data: ["const uint8_t *", "const barker_webhook *", "size_t *"],
      webhook_set_content_type: ["barker_status", "barker_webhook *", "const char *"],
      webhook_add_header: ["barker_status", "barker_webhook *", "const char *", "const char *"],
      webhook_clear_headers: ["barker_status", "barker_webhook *"],
      webhook_set_id: ["barker_status", "barker_webhook *", "const char *"],
      webhook_set_secret: [
        "barker_status", "barker_webhook *", "barker_scheme", "const void *", "size_t"
      ],
      webhook_add_secret: [
        "barker_status", "barker_webhook *", "barker_scheme", "const void *", "size_t"
      ],
      webhook_set_key: ["barker_status", "barker_webhook *", "const void *", "size_t"],
      webhook_set_spelling: ["barker_status", "barker_webhook *", "barker_spelling"],
      buffer_free: ["void", "barker_buffer *"],
      webhook_send: ["barker_status", "barker_webhook *", "uint16_t *", "barker_buffer *"],
      webhook_send_data: [
        "barker_status", "barker_webhook *", "const void *", "size_t", "uint16_t *",
        "barker_buffer *"
      ],
      send_many: [
        "barker_status", "barker_webhook *const *", "size_t", "uint32_t", "barker_progress",
        "void *"
      ],
      webhook_set_stopped: ["barker_status", "const barker_webhook *", "int32_t"],
      engine_new: ["barker_engine *"],
      engine_free: ["void", "barker_engine *"],
      engine_set_limits: ["barker_status", "barker_engine *", "uint32_t", "uint32_t"],
      engine_add: ["barker_status", "barker_engine *", "barker_webhook *", "void *"],
      engine_fd: ["int32_t", "const barker_engine *"],
      engine_timeout: ["int32_t", "const barker_engine *"],
      engine_step: ["barker_status", "barker_engine *", "uint32_t"],
      engine_next: ["barker_webhook *", "barker_engine *", "void **"],
      engine_count: ["size_t", "const barker_engine *"],
      engine_wake: ["barker_status", "const barker_engine *"],
      webhook_response_status: ["uint16_t", "const barker_webhook *"],
      webhook_response_body: ["const uint8_t *", "const barker_webhook *", "size_t *"],
      webhook_response_header: ["const char *", "const barker_webhook *", "const char *"],
      webhook_response_headers: ["const barker_header *", "const barker_webhook *", "size_t *"],
      webhook_id: ["const char *", "const barker_webhook *"],
      webhook_timestamp: ["const char *", "const barker_webhook *"],
      webhook_signature: ["const char *", "const barker_webhook *"],
      retry_new: ["barker_retry *"],
      retry_free: ["void", "barker_retry *"],
      retry_set_delays: ["barker_status", "barker_retry *", "const uint32_t *", "size_t"],
      retry_set_jitter: ["barker_status", "barker_retry *", "uint32_t"],
      retry_set_retry_after: ["barker_status", "barker_retry *", "uint32_t"],
      retry_set_overload_delay: ["barker_status", "barker_retry *", "uint32_t"],
      retry_set_final_statuses: ["barker_status", "barker_retry *", "const uint16_t *", "size_t"],
      retry_judge: [
        "barker_verdict", "const barker_retry *", "const barker_webhook *", "uint32_t", "uint32_t *"
      ],
      retry_judge_outcome: [
        "barker_verdict", "const barker_retry *", "barker_status", "uint16_t", "const char *",
        "uint32_t", "uint32_t *"
      ],
      webhook_verify: [
        "barker_status", "const barker_webhook *", "const barker_header *", "size_t",
        "const void *", "size_t"
      ],
      webhook_set_tolerance: ["barker_status", "barker_webhook *", "uint32_t"],
      webhook_tolerance: ["uint32_t", "const barker_webhook *"],
      webhook_set_replay_limit: ["barker_status", "barker_webhook *", "uint32_t"],
      webhook_forget: [
        "barker_status", "const barker_webhook *", "const barker_header *", "size_t",
        "const void *", "size_t"
      ],
      verify: [
        "barker_status", "barker_scheme", "const void *", "size_t", "uint32_t",
        "const barker_header *", "size_t", "const void *", "size_t"
      ],
      webhook_set_timeout: ["barker_status", "barker_webhook *", "uint32_t"],
      webhook_timeout: ["uint32_t", "const barker_webhook *"],
      webhook_set_idle_limits: ["barker_status", "barker_webhook *", "uint32_t", "uint32_t"],
      webhook_set_max_connection_age: ["barker_status", "barker_webhook *", "uint32_t"],
      webhook_close_idle: ["barker_status", "barker_webhook *"],
      webhook_set_lookup_lifetime: ["barker_status", "barker_webhook *", "uint32_t"],
      webhook_set_max_body: ["barker_status", "barker_webhook *", "uint32_t"],
      webhook_set_redirects: ["barker_status", "barker_webhook *", "uint32_t", "int32_t"],
      webhook_set_proxy: ["barker_status", "barker_webhook *", "const char *"],
      webhook_set_proxy_from_environment: ["barker_status", "barker_webhook *"],
      webhook_set_log: [
        "barker_status", "barker_webhook *", "barker_log_level", "barker_log", "void *"
      ],
      webhook_set_address_policy: ["barker_status", "barker_webhook *", "barker_addresses"],
      webhook_allow_network: ["barker_status", "barker_webhook *", "const char *"],
      webhook_deny_network: ["barker_status", "barker_webhook *", "const char *"],
      webhook_allow_port: ["barker_status", "barker_webhook *", "uint32_t"],
      webhook_set_https_only: ["barker_status", "barker_webhook *", "int32_t"],
      webhook_add_ca: ["barker_status", "barker_webhook *", "const void *", "size_t"],
      webhook_add_ca_file: ["barker_status", "barker_webhook *", "const char *"],
      webhook_set_platform_ca: ["barker_status", "barker_webhook *", "int32_t"],
      webhook_preload_ca: ["barker_status", "barker_webhook *"],
      webhook_add_crl: ["barker_status", "barker_webhook *", "const void *", "size_t"],
      webhook_set_client_certificate: [
        "barker_status", "barker_webhook *", "const void *", "size_t", "const void *", "size_t"
      ],
      webhook_set_server_name: ["barker_status", "barker_webhook *", "const char *"],
      webhook_set_min_tls: ["barker_status", "barker_webhook *", "barker_tls"],
      webhook_set_insecure_skip_verify: ["barker_status", "barker_webhook *", "int32_t"],
      webhook_sign_headers: [
        "barker_status", "const barker_webhook *", "const char *", "const void *", "size_t",
        "barker_buffer *"
      ],
      webhook_sign: [
        "barker_status", "const barker_webhook *", "const char *", "const void *", "size_t",
        "barker_buffer *", "barker_buffer *"
      ],
      generate_secret: ["barker_status", "barker_buffer *"],
      generate_key_pair: ["barker_status", "barker_buffer *", "barker_buffer *"],
      generate_id: ["barker_status", "barker_buffer *"],
      version: ["const char *"],
      version_number: ["uint32_t"],
      status_string: ["const char *", "barker_status"],
    }.freeze
  end
end
