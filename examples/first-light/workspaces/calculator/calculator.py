"""Whole-number arithmetic for the till."""


def divide(dividend: int, divisor: int) -> int:
    """The quotient of two whole numbers, rounded down."""
    if divisor == 0:
        raise ValueError("divisor must not be 0")
    return int(dividend / divisor)
