// This file lets functions be declared without a body (go:linkname).
