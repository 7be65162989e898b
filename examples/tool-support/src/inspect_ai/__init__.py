"""The framework that ships beside the executables.

It knows only one thing of them: the number in `tool/tool_support_version.txt`. Every commit that names a number can
be used at once, because the release of that number was published before the commit was merged.
"""
