"""Category tables as the workbooks that cities really use: read with a report of bad rows, written back.

`opening` turns bytes into sheets, `headings` finds the columns, `merged` gives blank cells what stands above them,
`interpreting` makes the version's content and the report, `writing` goes the other way. All pure: no table, no HTTP.
"""
