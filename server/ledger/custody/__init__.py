"""The custody log: numbered custody events in a Merkle tree, signed statements of its size, and proofs from it.

One log per epoch. Events are inserted unnumbered by any operation; the sequencer numbers what is committed, the tree
keeps the hash of every complete subtree, checkpoints are signed, kept here and written to a folder outside. It knows
no subject: what an event is about is a kind and an id.
"""
