"""Which pairs are compared: mining of hard negatives, from easy to hard, or at random.

Every miner is called as ``miner(similarities, hardness=1.0, allowed=None)``: anchors in the rows, anchor i belongs to
candidate i. It answers with one column per anchor, (batch,) int64 with -1 for none, or with a (batch, batch) bool mask.
"""
