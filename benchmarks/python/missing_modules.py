"""Prints as JSON which of the named modules are not here.

usage: missing_modules.py NAME...
"""

import importlib.util
import json
import sys

if __name__ == "__main__":
    print(json.dumps([name for name in sys.argv[1:] if not importlib.util.find_spec(name)]))
