"""The server's side of the fleet simulator: the real application in this process, its crashes and its audit.

Stands above all subjects, like the application itself that it puts together for its own use.

city.py who works there · door.py one request into the application · disk.py database and blobs that are copied,
swapped and restored · site.py all of it as sync.simulation's Site · grants.py what may stand in an answer ·
audit.py the promises, judged from the tables · stories.py seeds, one after the other · telling.py on the command line.
"""
