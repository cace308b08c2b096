"""Tables in Markdown, which reads well on a terminal too."""

import dataclasses


@dataclasses.dataclass
class Table:
    """The first column is words, the others are figures; None leaves a field empty."""
    title: str
    columns: list
    rows: list = dataclasses.field(default_factory=list)
    note: str = ""

    def add(self, *cells):
        assert len(cells) == len(self.columns), f"{self.title}: {cells}"
        self.rows.append(["" if cell is None else str(cell) for cell in cells])

    def cell(self, first, column):
        """Of the row that begins so."""
        row = next(row for row in self.rows if row[0] == first)
        return row[self.columns.index(column)]

    def markdown(self):
        widths = [max(len(row[i]) for row in [self.columns, *self.rows])
                  for i in range(len(self.columns))]

        def line(row):
            return "| " + " | ".join(
                cell.ljust(width) if i == 0 else cell.rjust(width)
                for i, (cell, width) in enumerate(zip(row, widths))) + " |\n"

        rule = "|" + "|".join("-" * (width + 1) + ("-" if i == 0 else ":")
                              for i, width in enumerate(widths)) + "|\n"
        note = f"\n{self.note}\n" if self.note else ""
        return (f"### {self.title}\n\n" + line(self.columns) + rule
                + "".join(map(line, self.rows)) + note)


def side_by_side(title, parts):
    """The tables' columns of these names, for the rows that all have; `parts` are of (table, column,
    name)."""
    joined = Table(title, [parts[0][0].columns[0], *(name for _, _, name in parts)])
    for row in parts[0][0].rows:
        joined.add(row[0], *(table.cell(row[0], column) for table, column, _ in parts))
    return joined


def number(value, digits=0):
    """With thin groups of three, as 1 234 567."""
    return f"{value:,.{digits}f}".replace(",", " ")


def ratio(value):
    return f"{value:.3f}"
