"""The Nightscout API, version 1, as its clients call it: documents kept as they come, and what they mean as events.

What documents mean is told by sources/nightscout, as of a site; docs/nightscout_api.md lists the calls.
"""
