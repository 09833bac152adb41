"""placeholder"""


def split_folder(*a, **k): ...
