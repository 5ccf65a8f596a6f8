import unittest

from calculator import divide


class DivideTest(unittest.TestCase):
    def test_exact(self):
        self.assertEqual(divide(8, 2), 4)

    def test_rounds_down(self):
        self.assertEqual(divide(7, 2), 3)

    def test_negative_dividend(self):
        self.assertEqual(divide(-7, 2), -4)

    def test_zero_divisor(self):
        with self.assertRaises(ValueError):
            divide(1, 0)


if __name__ == "__main__":
    unittest.main()
