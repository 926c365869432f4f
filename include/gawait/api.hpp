#pragma once

/// Marks what the shared library exports; everything else is built hidden.
#define GAWAIT_API [[gnu::visibility("default")]]
