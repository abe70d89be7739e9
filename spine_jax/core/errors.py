"""The one error a user can cause."""


class InputError(ValueError):
    """Bad input, told in one sentence.

    The command line prints it as
    `error[CODE] SOURCE: FOUND; expected EXPECTED. Try: ADVICE` and exits with 2.

    Args:
        code: Short upper-case word for scripts, such as `NO-DIRECTION`.
        source: File, option or value the sentence is about.
        found: What was found.
        expected: What would have been right.
        advice: What to try.
    """

    def __init__(
        self, code: str, source: object, found: str, expected: str, advice: str
    ) -> None:
        self.code = code
        self.source = str(source)
        self.found = found
        self.expected = expected
        self.advice = advice
        super().__init__(
            f"error[{code}] {source}: {found}; expected {expected}. Try: {advice}"
        )
