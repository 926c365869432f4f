#pragma once

#include "python.hpp"

// PyGObject's functions are called through a pointer that module.cpp has.
#define NO_IMPORT_PYGOBJECT
#include <pygobject.h>
