"""A command that lists every mistake of its arguments, not only the first."""

from __future__ import annotations

import click


class Command(click.Command):
    """click stops at the first bad value; whoever is refused should not have to ask again for the next one."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        given = list(args)  # click consumes its argument
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption:
            raise
        except click.UsageError as first:
            mistakes = self._mistakes(ctx, given)
            if len(mistakes) < 2:
                raise
            raise click.UsageError("\n".join(mistakes), ctx) from first

    def _mistakes(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            values, rest, _ = self.make_parser(ctx).parse_args(args)
        except click.UsageError:
            return []
        mistakes = []
        for parameter in self.get_params(ctx):
            try:
                parameter.handle_parse_result(ctx, values, rest)
            except click.UsageError as error:
                mistakes.append(error.format_message())
        return mistakes
