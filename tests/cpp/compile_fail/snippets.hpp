// What the compiler reads once for all snippets. Each includes what it uses all the same. (No
// "#pragma once": it is compiled by itself.)

#include "gawait/gawait.hpp"
