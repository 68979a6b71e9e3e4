# ruff: noqa: E501 - one entry a line, however long
"""What surrounds the labelled items: two disjoint stocks of sentences, one to tune with and one to confirm with."""

from __future__ import annotations

from typing import NamedTuple


class Stock(NamedTuple):
    """Sentences; ``{x}`` is the item and ``{what}`` what people call it."""

    prose: tuple[str, ...]
    identity: tuple[str, ...]
    card: tuple[str, ...]
    iban: tuple[str, ...]
    email: tuple[str, ...]
    phone: tuple[str, ...]
    secret: tuple[str, ...]
    code: tuple[str, ...]
    harmless: tuple[str, ...]
    """Hard negatives: ``#`` a digit, ``%`` a hexadecimal digit, ``&`` a sign of base64."""


TUNING = Stock(
    prose=(
        "Please rewrite the following note so that it sounds friendlier and keeps to one page.",
        "The committee met in March and agreed to postpone the decision until autumn.",
        "Summarise the main points for somebody who was not at the meeting.",
        "We sold 1,240 units in the first quarter, 8.5 % more than a year ago.",
        "The plant in the north will be closed for two weeks in August.",
        "Translate this into German, but leave the product names as they are.",
        "I need three alternatives for the headline and a short teaser.",
        "Our customers ask for delivery within 48 hours and a clear price.",
        "In 2023 the team grew from 12 to 31 people in four offices.",
        "Could you explain the difference between gross and net margin in plain words?",
        "The weather was fine, so the excursion took place as planned.",
        "Check the tone of this mail and make it shorter.",
    ),
    identity=(
        "My {what} is {x}.",
        "Employee record, {what}: {x}, start on Monday.",
        '{{"name": "A. Muster", "{what}": "{x}"}}',
        "For the form they want the {what} {x} and a photo.",
        "{what}\t{x}",
    ),
    card=(
        "Charge it to {x} please.",
        "Card number {x}, valid for two years.",
        "pan={x};amount=20",
        "He paid with {x}.",
    ),
    iban=("Transfer the rent to {x}.", "IBAN: {x}", "account,{x},EUR", "The refund goes to {x} as before."),
    email=("Write to {x} for details.", "From: Jo <{x}>", "contact={x}", "Cc {x}, {x2} and the team."),
    phone=("Call me at {x}.", "Phone: {x}", "You reach the desk under {x} all day.", "mobile {x}"),
    secret=(
        "The pipeline fails with this key: {x}",
        "export TOKEN={x}",
        "I use {x} in the header and get 401.",
        '{{"credential": "{x}"}}',
    ),
    code=(
        "def total(rows):\n    result = 0\n    for row in rows:\n        result += row.price * row.count\n    return result",
        "const items = await load(url);\nfor (const item of items) {\n  console.log(item.name);\n}\nexport default items;",
        "public class Basket {\n    private final List<Item> items = new ArrayList<>();\n    public void add(Item item) {\n"
        "        items.add(item);\n    }\n}",
        "SELECT c.name, SUM(o.total) AS total\nFROM customers c\nJOIN orders o ON o.customer_id = c.id\n"
        "WHERE o.created > '2023-01-01'\nGROUP BY c.name;",
        '#include <stdio.h>\nint main(void) {\n    for (int i = 0; i < 10; i++) {\n        printf("%d\\n", i);\n    }\n'
        "    return 0;\n}",
        "func Sum(xs []int) int {\n\ttotal := 0\n\tfor _, x := range xs {\n\t\ttotal += x\n\t}\n\treturn total\n}",
        'for f in *.log; do\n  if grep -q ERROR "$f"; then\n    echo "$f"\n  fi\ndone',
    ),
    harmless=(
        "Order number {######## ########} was shipped yesterday.",
        "order 4539 1488 0343 6467 is late",
        "invoice ####-####-####, due in 30 days",
        "Test with card 4242 4242 4242 4242 or 4111111111111111.",
        "sha256: %%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%",
        "commit %%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%",
        "request id %%%%%%%%-%%%%-4%%%-8%%%-%%%%%%%%%%%%",
        "Upgrade from 1.12.3 to 2.0.0-rc.4+build.20240311.",
        "Firefox/128.0.1.2000 on kernel 6.8.0-45-generic",
        "at 17########### the timer fired, at 17######## it stopped",
        "ISBN 978-3-16-148410-0, EAN 4006381333931",
        "tracking 1Z999AA1#########, parcel ############",
        "git clone git@example.org:team/app.git && npm i react@18.2.0",
        "password: <your password>, api_key=YOUR_API_KEY_HERE",
        'password = os.environ["DB_PASSWORD"]',
        "The password must have twelve characters; a token is a unit of text.",
        "from 10.24.#.## to 192.168.1.1, port 8080, on 2024-03-11 at 14:22:10",
        "| 2021 | 2022 | 2023 |\n| 1043 | 1190 | 1375 |\n| 2200 | 2310 | 2498 |",
        "1043 1190 1375 2200 2310 2498 3310 4120",
        "48.8583701, 2.2944813 and 51.5007292, -0.1246254",
        "data:image/png;base64,&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&",
        '{"name": "basket", "items": [1, 2, 3], "open": true,\n "total": 41.5,\n "currency": "EUR"\n}',
        "server:\n  port: 8080\n  host: localhost\n  timeout: 30",
        "- buy bread;\n- call the office;\n- sign the form;\n- pay the bill;",
        "icon@2x.png and logo@3x.jpg, see @types/node",
        "SKU 4820-1193-77, part no. 12345678A",
    ),
)

CONFIRM = Stock(
    prose=(
        "Turn these remarks into a polite reply and suggest a date next week.",
        "Sales in the southern region fell short of plan because two lorries broke down.",
        "What would be a fair way to split the costs among five departments?",
        "The board wants a paragraph on risks, no longer than 150 words.",
        "Our supplier raised prices by 3.2 % in May and again by 1.9 % in July.",
        "Give me a table of pros and cons, then a recommendation.",
        "Since 2019 the archive holds about 18,000 drawings on paper.",
        "Correct the grammar, but do not change the meaning of the text below.",
        "Two of the seven candidates speak Portuguese, one speaks Finnish.",
        "Draft an agenda for a workshop of half a day with a break at 10:30.",
        "The river rose by forty centimetres during the night.",
        "Which arguments would a sceptical customer bring forward?",
    ),
    identity=(
        "Her {what} reads {x} on the letter.",
        "Please verify {what} {x} before you pay out.",
        "applicant;{what}={x};country",
        "- {what} → {x}",
        "I was asked for my {what}, so here it is: {x}",
    ),
    card=(
        "the card on file ({x}) was declined",
        "Visa {x}",
        "use {x}, the other one is blocked",
        '"cardNumber": "{x}"',
    ),
    iban=("bank details {x} (new)", "please wire 300 to {x}", '"iban":"{x}"', "{x}\nReference: rent"),
    email=("ask {x} or {x2}", "mailto:{x}", "{x} complained twice", "the login is {x}, I think"),
    phone=("tel.: {x}", "text me on {x} tonight", "his mobile ({x}) is off", "WhatsApp {x}"),
    secret=(
        "why is `{x}` rejected?",
        "key={x}",
        "curl -H 'X-Key: {x}' https://api.example.com/v1/items",
        "We rotated {x} last night.",
    ),
    code=(
        "class Basket\n  def initialize(items)\n    @items = items\n  end\n\n  def total\n    @items.sum { |i| i.price }\n  end\nend",
        "<?php\nfunction total(array $rows): float {\n    $sum = 0.0;\n    foreach ($rows as $row) {\n        $sum += $row['price'];\n"
        "    }\n    return $sum;\n}",
        "fun main() {\n    val xs = listOf(1, 2, 3)\n    for (x in xs) {\n        println(x * 2)\n    }\n}",
        "interface Item {\n  name: string;\n  price: number;\n}\nconst sum = (xs: Item[]) => xs.reduce((a, x) => a + x.price, 0);",
        "using System;\nnamespace Shop {\n    public static class Program {\n        public static void Main() {\n"
        "            Console.WriteLine(Total());\n        }\n    }\n}",
        "import csv\n\nwith open(path) as file:\n    rows = list(csv.reader(file))\nprint(len(rows))\nfor row in rows[1:]:\n"
        "    total += float(row[3])",
        'fn main() {\n    let xs = vec![1, 2, 3];\n    let total: i32 = xs.iter().sum();\n    println!("{}", total);\n}',
        "UPDATE accounts SET balance = balance - 20\nWHERE id = 7;\nINSERT INTO log (account, amount)\nVALUES (7, -20);\nCOMMIT;",
    ),
    harmless=(
        "Your purchase order ##########, item ####, left the warehouse.",
        "Ticket ######-#### replaces ticket ######-####.",
        "The sandbox accepts 5555 5555 5555 4444, 378282246310005 and 6011111111111117.",
        "md5 %%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%% does not match %%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%",
        "HEAD is now at %%%%%%% (was %%%%%%%%%%%%)",
        "trace %%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%-%%%%%%%%%%%%%%%%-01",
        "numpy==2.1.3, torch 2.5.1+cu124, node v20.11.1, openssl 3.0.13-1",
        "app-7.14.2-1.el9.x86_64.rpm",
        "epoch 17######## and snowflake 11################",
        "Barcode 5901234123457, article 73513537",
        "Waybill JD01##############, lot ########",
        "see user@host:path, pkg@1.0.3 and lodash@4.17.21",
        "secret: ${VAULT_SECRET}\npassword: {{ db_password }}",
        "token = get_token(request)\n",
        "Never share a password by mail; your secret is safe when nobody knows it.",
        "route 172.16.##.# via 172.16.0.1, seen 11/03/2024 14:22",
        "1200 1300 1400 1500\n1600 1700 1800 1900\n2000 2100 2200 2300",
        "3.14159265358979 and 2.71828182845904 and 1.41421356237309",
        '<svg d="M10 10 L20 20 L30 10"/> width=640 height=480',
        "GET /api/items?id=######&page=2 HTTP/1.1 200 1532",
        "serial number ####-####-##-###, model X200-44Z",
        "room 101-102, pages 200-219, 2023/2024 season, 50-50 chance",
        "title: Minutes\nauthor: Sam\ntags:\n  - board\n  - autumn",
        "a) the seller delivers the goods;\nb) the buyer pays the price;\nc) both keep this confidential;",
        "reference AB-######-## of file 11/####/##",
        "build ########.# (checksum %%%%%%%%)",
    ),
)
