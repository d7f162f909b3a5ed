"""Schemathesis knows no lines of JSON: it makes text of them, as the description says, and sends it so."""

import schemathesis

schemathesis.serializer.alias("application/x-ndjson", "text/plain")
