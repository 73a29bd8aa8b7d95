"""Made by tools/tables.py from include/barker.h: do not edit."""
import enum
from typing import Dict, Tuple


class Scheme(enum.IntEnum):
    """barker_scheme: how a message is signed."""
    BARKER = 0
    BARKER_SHA256 = 1
    BARKER_SHA512 = 2
    STANDARD = 10
    SVIX = 11
    GITHUB = 20
    STRIPE = 21
    SLACK = 22
    SHOPIFY = 23


class Spelling(enum.IntEnum):
    """barker_spelling: how to spell header names that contain underscores when sending."""
    UNDERSCORE = 0
    DASH = 1
    BOTH = 2


class Verdict(enum.IntEnum):
    """barker_verdict: what is to become of a message after a try."""
    DELIVERED = 0
    RETRY = 1
    DEAD = 2
    GONE = 3


class LogLevel(enum.IntEnum):
    """barker_log_level: how important a line of the log is."""
    OFF = 0
    ERROR = 1
    INFO = 2
    DEBUG = 3


class Addresses(enum.IntEnum):
    """barker_addresses: which addresses a message may be sent to."""
    ANY = 0
    PUBLIC = 1
    LISTED = 2


class TLS(enum.IntEnum):
    """barker_tls: the oldest version of TLS that is accepted."""
    TLS_1_2 = 12
    TLS_1_3 = 13


class Status(enum.IntEnum):
    """barker_status: the outcome of a call."""
    OK = 0
    NULL = 100
    UTF8 = 101
    URL = 102
    HEADER = 103
    RANGE = 104
    SECRET = 105
    ID = 106
    CERTIFICATE = 107
    BUSY = 108
    RESOLVE = 200
    CONNECT = 201
    TLS = 202
    SEND = 203
    RECEIVE = 204
    TIMEOUT = 205
    PROTOCOL = 206
    TOO_LARGE = 207
    STOPPED = 208
    REFUSED = 209
    PROXY = 210
    RESOLVE_AGAIN = 211
    CERTIFICATE_EXPIRED = 220
    CERTIFICATE_NAME = 221
    CERTIFICATE_ISSUER = 222
    CERTIFICATE_SELF_SIGNED = 223
    CERTIFICATE_REVOKED = 224
    HEADER_MISSING = 300
    HEADER_MALFORMED = 301
    HEADER_AMBIGUOUS = 302
    SIGNATURE = 303
    TOO_OLD = 304
    TOO_NEW = 305
    REPLAYED = 306
    REPLAY_FULL = 307
    INTERNAL = 900
    SYSTEM = 901


# The types of each function's result and parameters.
FUNCTIONS: Dict[str, Tuple[str, ...]] = {
    "barker_webhook_new": ("barker_webhook *",),
    "barker_webhook_clone": ("barker_webhook *", "const barker_webhook *"),
    "barker_webhook_free": ("void", "barker_webhook *"),
    "barker_webhook_status": ("barker_status", "const barker_webhook *"),
    "barker_webhook_error": ("const char *", "const barker_webhook *"),
    "barker_webhook_set_url": ("barker_status", "barker_webhook *", "const char *"),
    "barker_webhook_url": ("const char *", "const barker_webhook *"),
    "barker_webhook_set_data": ("barker_status", "barker_webhook *", "const void *", "size_t"),
    "barker_webhook_data": ("const uint8_t *", "const barker_webhook *", "size_t *"),
    "barker_webhook_set_content_type": ("barker_status", "barker_webhook *", "const char *"),
    "barker_webhook_add_header": (
        "barker_status", "barker_webhook *", "const char *", "const char *"
    ),
    "barker_webhook_clear_headers": ("barker_status", "barker_webhook *"),
    "barker_webhook_set_id": ("barker_status", "barker_webhook *", "const char *"),
    "barker_webhook_set_secret": (
        "barker_status", "barker_webhook *", "barker_scheme", "const void *", "size_t"
    ),
    "barker_webhook_add_secret": (
        "barker_status", "barker_webhook *", "barker_scheme", "const void *", "size_t"
    ),
    "barker_webhook_set_key": ("barker_status", "barker_webhook *", "const void *", "size_t"),
    "barker_webhook_set_spelling": ("barker_status", "barker_webhook *", "barker_spelling"),
    "barker_buffer_free": ("void", "barker_buffer *"),
    "barker_webhook_send": ("barker_status", "barker_webhook *", "uint16_t *", "barker_buffer *"),
    "barker_webhook_send_data": (
        "barker_status", "barker_webhook *", "const void *", "size_t", "uint16_t *",
        "barker_buffer *"
    ),
    "barker_send_many": (
        "barker_status", "barker_webhook *const *", "size_t", "uint32_t", "barker_progress",
        "void *"
    ),
    "barker_webhook_set_stopped": ("barker_status", "const barker_webhook *", "int32_t"),
    "barker_engine_new": ("barker_engine *",),
    "barker_engine_free": ("void", "barker_engine *"),
    "barker_engine_set_limits": ("barker_status", "barker_engine *", "uint32_t", "uint32_t"),
    "barker_engine_add": ("barker_status", "barker_engine *", "barker_webhook *", "void *"),
    "barker_engine_fd": ("int32_t", "const barker_engine *"),
    "barker_engine_timeout": ("int32_t", "const barker_engine *"),
    "barker_engine_step": ("barker_status", "barker_engine *", "uint32_t"),
    "barker_engine_next": ("barker_webhook *", "barker_engine *", "void **"),
    "barker_engine_count": ("size_t", "const barker_engine *"),
    "barker_engine_wake": ("barker_status", "const barker_engine *"),
    "barker_webhook_response_status": ("uint16_t", "const barker_webhook *"),
    "barker_webhook_response_body": ("const uint8_t *", "const barker_webhook *", "size_t *"),
    "barker_webhook_response_header": ("const char *", "const barker_webhook *", "const char *"),
    "barker_webhook_response_headers": (
        "const barker_header *", "const barker_webhook *", "size_t *"
    ),
    "barker_webhook_id": ("const char *", "const barker_webhook *"),
    "barker_webhook_timestamp": ("const char *", "const barker_webhook *"),
    "barker_webhook_signature": ("const char *", "const barker_webhook *"),
    "barker_retry_new": ("barker_retry *",),
    "barker_retry_free": ("void", "barker_retry *"),
    "barker_retry_set_delays": ("barker_status", "barker_retry *", "const uint32_t *", "size_t"),
    "barker_retry_set_jitter": ("barker_status", "barker_retry *", "uint32_t"),
    "barker_retry_set_retry_after": ("barker_status", "barker_retry *", "uint32_t"),
    "barker_retry_set_overload_delay": ("barker_status", "barker_retry *", "uint32_t"),
    "barker_retry_set_final_statuses": (
        "barker_status", "barker_retry *", "const uint16_t *", "size_t"
    ),
    "barker_retry_judge": (
        "barker_verdict", "const barker_retry *", "const barker_webhook *", "uint32_t", "uint32_t *"
    ),
    "barker_retry_judge_outcome": (
        "barker_verdict", "const barker_retry *", "barker_status", "uint16_t", "const char *",
        "uint32_t", "uint32_t *"
    ),
    "barker_webhook_verify": (
        "barker_status", "const barker_webhook *", "const barker_header *", "size_t",
        "const void *", "size_t"
    ),
    "barker_webhook_set_tolerance": ("barker_status", "barker_webhook *", "uint32_t"),
    "barker_webhook_tolerance": ("uint32_t", "const barker_webhook *"),
    "barker_webhook_set_replay_limit": ("barker_status", "barker_webhook *", "uint32_t"),
    "barker_webhook_forget": (
        "barker_status", "const barker_webhook *", "const barker_header *", "size_t",
        "const void *", "size_t"
    ),
    "barker_verify": (
        "barker_status", "barker_scheme", "const void *", "size_t", "uint32_t",
        "const barker_header *", "size_t", "const void *", "size_t"
    ),
    "barker_webhook_set_timeout": ("barker_status", "barker_webhook *", "uint32_t"),
    "barker_webhook_timeout": ("uint32_t", "const barker_webhook *"),
    "barker_webhook_set_idle_limits": ("barker_status", "barker_webhook *", "uint32_t", "uint32_t"),
    "barker_webhook_set_max_connection_age": ("barker_status", "barker_webhook *", "uint32_t"),
    "barker_webhook_close_idle": ("barker_status", "barker_webhook *"),
    "barker_webhook_set_lookup_lifetime": ("barker_status", "barker_webhook *", "uint32_t"),
    "barker_webhook_set_max_body": ("barker_status", "barker_webhook *", "uint32_t"),
    "barker_webhook_set_redirects": ("barker_status", "barker_webhook *", "uint32_t", "int32_t"),
    "barker_webhook_set_proxy": ("barker_status", "barker_webhook *", "const char *"),
    "barker_webhook_set_proxy_from_environment": ("barker_status", "barker_webhook *"),
    "barker_webhook_set_log": (
        "barker_status", "barker_webhook *", "barker_log_level", "barker_log", "void *"
    ),
    "barker_webhook_set_address_policy": ("barker_status", "barker_webhook *", "barker_addresses"),
    "barker_webhook_allow_network": ("barker_status", "barker_webhook *", "const char *"),
    "barker_webhook_deny_network": ("barker_status", "barker_webhook *", "const char *"),
    "barker_webhook_allow_port": ("barker_status", "barker_webhook *", "uint32_t"),
    "barker_webhook_set_https_only": ("barker_status", "barker_webhook *", "int32_t"),
    "barker_webhook_add_ca": ("barker_status", "barker_webhook *", "const void *", "size_t"),
    "barker_webhook_add_ca_file": ("barker_status", "barker_webhook *", "const char *"),
    "barker_webhook_set_platform_ca": ("barker_status", "barker_webhook *", "int32_t"),
    "barker_webhook_preload_ca": ("barker_status", "barker_webhook *"),
    "barker_webhook_add_crl": ("barker_status", "barker_webhook *", "const void *", "size_t"),
    "barker_webhook_set_client_certificate": (
        "barker_status", "barker_webhook *", "const void *", "size_t", "const void *", "size_t"
    ),
    "barker_webhook_set_server_name": ("barker_status", "barker_webhook *", "const char *"),
    "barker_webhook_set_min_tls": ("barker_status", "barker_webhook *", "barker_tls"),
    "barker_webhook_set_insecure_skip_verify": ("barker_status", "barker_webhook *", "int32_t"),
    "barker_webhook_sign_headers": (
        "barker_status", "const barker_webhook *", "const char *", "const void *", "size_t",
        "barker_buffer *"
    ),
    "barker_webhook_sign": (
        "barker_status", "const barker_webhook *", "const char *", "const void *", "size_t",
        "barker_buffer *", "barker_buffer *"
    ),
    "barker_generate_secret": ("barker_status", "barker_buffer *"),
    "barker_generate_key_pair": ("barker_status", "barker_buffer *", "barker_buffer *"),
    "barker_generate_id": ("barker_status", "barker_buffer *"),
    "barker_version": ("const char *",),
    "barker_version_number": ("uint32_t",),
    "barker_status_string": ("const char *", "barker_status"),
}
