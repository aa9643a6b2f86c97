"""The version of the package and of the data it makes.

A change of any pixel or any word that some (configuration, seed, split, index) yields raises
`VERSION`, and CHANGELOG.md says why.
"""

VERSION = "0.13.0"
