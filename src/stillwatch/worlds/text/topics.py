# ruff: noqa: E501 (one pattern or one list of words per line)
"""Subjects people ask about: for each a small vocabulary that sentence patterns draw on.

``things`` are nouns with their article where one is needed, ``jobs`` are verb phrases with an object, ``snags`` are
clauses that describe what goes wrong, ``scenes`` say where or for whom. All of it is written for this generator.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Topic:
    """Vocabulary of one subject."""

    name: str
    things: tuple[str, ...]
    jobs: tuple[str, ...]
    snags: tuple[str, ...]
    scenes: tuple[str, ...]


def _topic(name: str, things: str, jobs: str, snags: str, scenes: str) -> Topic:
    parts = [tuple(piece.strip() for piece in text.split(";")) for text in (things, jobs, snags, scenes)]
    return Topic(name, *parts)


TOPICS: tuple[Topic, ...] = (
    _topic(
        "cooking",
        "a rye sourdough; lentil stew; a custard tart; pickled radishes; a cast iron pan; fresh pasta; onion gravy; a walnut loaf; "
        "fish stock; a pressure cooker; rhubarb jam; a vegan ragout; flatbread; saffron rice; a braised cabbage; caramel sauce",
        "knead the dough; reduce the sauce; proof it overnight; temper the eggs; debone a trout; season the pan; thicken the soup; "
        "freeze leftovers; scale the recipe up; replace the butter; roast the roots; brine a chicken",
        "it comes out gummy; the crust stays pale; the sauce splits; it tastes flat; the middle is raw; it sticks every time; "
        "the filling leaks; it is far too salty; the texture is grainy",
        "for eleven guests; in a tiny kitchen; with only one oven shelf; at high altitude; for somebody without gluten; on a camping stove; "
        "before a long shift; with what is left in the fridge",
    ),
    _topic(
        "gardening",
        "a fig tree; raised beds; clay soil; a compost heap; tomato seedlings; a hedge of hornbeam; slug traps; a rain barrel; "
        "dahlias; a cold frame; lavender; an old apple tree; moss in the lawn; a pergola; runner beans; leaf mould",
        "prune the side shoots; repot the citrus; harden off the seedlings; turn the compost; divide the irises; graft a scion; "
        "mulch the beds; overwinter the tubers; lay drip irrigation; sow green manure",
        "the leaves curl and brown; nothing germinates; the roots are waterlogged; aphids are back; the fruit drops early; "
        "the soil cracks; growth has stalled; there is white mildew",
        "on a north-facing balcony; in a windy plot; near the sea; after a wet spring; with two hours a week; for a school garden; "
        "on a slope; under old pines",
    ),
    _topic(
        "astronomy",
        "a small refractor; the rings of Saturn; a variable star; the lunar terminator; star trails; an equatorial mount; "
        "a meteor shower; the Andromeda galaxy; a solar filter; dark adaptation; an occultation; the ecliptic; an eyepiece of 9 mm",
        "collimate the mirror; align the mount; stack forty frames; estimate the limiting magnitude; find the object by star hopping; "
        "compute the sidereal time; read a star chart; measure the seeing",
        "the stars look like commas; the image drifts; dew forms on the lens; the guide star is lost; there is a strange halo; "
        "the colours look wrong",
        "from a city roof; at latitude 52; during a full moon; with children watching; for a club evening; without any motor; on a frosty night",
    ),
    _topic(
        "bookkeeping",
        "petty cash; an unpaid invoice; the trial balance; input tax; a deposit from a tenant; depreciation of a van; "
        "a credit note; the chart of accounts; accrued wages; a bank reconciliation; stock at year end; a prepaid licence",
        "post the entry; reconcile the statement; split a receipt; close the month; write off a debt; accrue the rent; "
        "correct last quarter; book a refund; track mileage",
        "the totals differ by 0.09; the supplier sent it twice; the bank feed has gaps; the opening balance is wrong; the rate changed in between; "
        "nobody kept the receipt",
        "for a two-person studio; in a charity; for a bakery with three tills; before the audit; in a spreadsheet; after moving premises; "
        "for a seasonal business",
    ),
    _topic(
        "sailing",
        "a gaff cutter; the mainsail; a tidal gate; an anchor in kelp; a VHF call; the bilge pump; a passage of 60 miles; "
        "a storm jib; the depth sounder; a mooring line; a lee shore; running rigging; a dinghy with a leak",
        "reef early; heave to; plot a course to steer; splice an eye; set the anchor; trim the genoa; leave a berth under sail; "
        "read the synoptic chart; service the winch",
        "the tiller pulls hard; the halyard jams; the current sets us south; visibility drops; the engine overheats; the anchor drags; "
        "the crew is seasick",
        "single-handed; with a novice crew; in the approaches of a busy port; overnight; in force 6; with a deep keel; late in the season",
    ),
    _topic(
        "beekeeping",
        "a weak colony; the brood frame; a swarm; varroa counts; fondant; a nucleus box; a laying worker; the queen excluder; "
        "heather honey; a smoker; wax moths; the hive stand; a marked queen",
        "split the hive; find the queen; feed syrup; treat for mites; unite two colonies; extract comb honey; read the brood pattern; "
        "requeen in late summer; insulate the roof",
        "there are no eggs; the bees are bearding; wasps rob them; the honey ferments; drones are everywhere; they ignore the super; "
        "the stores are nearly gone",
        "in an urban apiary; before the first frost; in my second year; next to a rapeseed field; with top-bar hives; on a flat roof; after a mild winter",
    ),
    _topic(
        "chess",
        "the exchange variation; a rook ending; an isolated pawn; the bishop pair; a minority attack; a fortress; time trouble; "
        "a queenside majority; the Philidor position; a knight outpost; a gambit line; castling by hand",
        "convert an extra pawn; annotate the game; break the bind; choose a repertoire; calculate forcing moves; defend a worse ending; "
        "use the open file; avoid stalemate",
        "I always run out of time; my king gets stuck in the centre; I miss quiet moves; the plan falls apart after move 20; "
        "I trade the wrong pieces; nothing works against it",
        "at club level; for a junior team; in rapid games; as Black; by correspondence; in a simultaneous display; rated around 1500",
    ),
    _topic(
        "pottery",
        "a celadon glaze; a kick wheel; stoneware clay; a slab-built planter; crazing; a bisque firing; pyrometric cones; "
        "a teapot spout; raku; wax resist; a cracked handle; terra sigillata; a lidded jar",
        "centre two kilos; trim the foot; pull a handle; mix a slip; fire to cone 6; recycle scraps; throw off the hump; test the glaze; "
        "wedge the clay",
        "the rim warps; the glaze crawls; the base cracks while drying; it pings after cooling; the colour turns brown; air bubbles explode; "
        "the lid does not fit",
        "in a shared studio; with an electric kiln; for tableware; without a wheel; for a market stall; with porcelain; for a beginner class",
    ),
    _topic(
        "rail timetables",
        "a connection of six minutes; a replacement bus; the night train; a branch line; dwell time; a single-track section; "
        "a seat reservation; the clock-face timetable; turnaround at the terminus; a missed transfer; a rail pass; rolling stock",
        "shift the departure; fit in an extra stop; compute the slack; draw the string diagram; plan the crew rota; compare two routes; "
        "estimate the knock-on delay; claim a refund",
        "the last leg is cancelled; two trains meet at the wrong loop; the platform is too short; the transfer is hopeless with luggage; "
        "the delay spreads to the whole line",
        "on a Sunday; with a bicycle; across a border; during track works; with 40 pupils; for a commuter; over a mountain pass",
    ),
    _topic(
        "first aid",
        "a sprained ankle; a nosebleed; a minor burn; heat exhaustion; a wasp sting; a bandage; the recovery position; "
        "a blister; hypothermia; a splinter; an office first-aid kit; a fainting spell; a grazed knee",
        "stop the bleeding; cool the skin; immobilise the wrist; check for breathing; write an accident report; restock the kit; "
        "run a drill; decide when to call for help",
        "the swelling does not go down; the person feels dizzy; the dressing sticks; the skin turns pale; the pain comes back at night",
        "on a hike far from a road; at a sports day; in a warehouse; with toddlers around; on a boat; in a classroom; during a heat wave",
    ),
    _topic(
        "music theory",
        "a deceptive cadence; the Dorian mode; voice leading; a twelve-bar form; a hemiola; parallel fifths; a figured bass; "
        "a circle of fifths; syncopation; a Neapolitan chord; a fugue subject; chord extensions; a pedal point",
        "harmonise the melody; transpose for clarinet; hear the inversion; write a counter-melody; modulate to the dominant; "
        "count the polyrhythm; reharmonise the bridge; notate the rhythm",
        "it sounds muddy; the bass line jumps about; the modulation feels abrupt; the tenor is out of range; the ending never settles; "
        "I cannot hear the difference",
        "for a school choir; on a ukulele; for a string quartet; in 7/8; for an exam at grade five; with a beginner band; in a folk style",
    ),
    _topic(
        "statistics homework",
        "a confidence interval; the null hypothesis; a skewed sample; a paired t-test; residuals; the central limit theorem; a p-value; "
        "two dice; a contingency table; a regression slope; the median; a Poisson count; an outlier",
        "interpret the slope; test for equality; find the variance; draw a box plot; choose a sample size; compute the posterior; "
        "check the assumptions; explain the power",
        "my result is negative; the two methods disagree; the histogram has two humps; the sample is tiny; the answer key says otherwise; "
        "half of the values are missing",
        "for a first-year course; by hand; in a spreadsheet; with n = 18; for a poster; for nurses; without calculus",
    ),
    _topic(
        "sql",
        "a window function; a slow join; a recursive query; duplicate rows; an index on two columns; a left join; a materialised view; "
        "a foreign key; a pivot; NULL handling; a lateral join; a deadlock; running totals",
        "group by week; find gaps in a sequence; deduplicate by latest date; rewrite the subquery; explain the plan; partition the table; "
        "migrate the column; count distinct users",
        "it scans the whole table; the totals are doubled; it times out at 30 s; NULLs vanish; the order is not stable; the lock never clears; "
        "the types do not match",
        "in Postgres; in SQLite; on a table with 40 million rows; inside a report; in a nightly job; without a temp table; on a read replica",
    ),
    _topic(
        "python",
        "a generator; an async queue; a dataclass; a memory leak; type hints; a circular import; a context manager; pandas merge; "
        "a decorator with arguments; a flaky test; unicode errors; a virtual environment; a regex group",
        "parse a CSV; retry with backoff; profile the loop; flatten a nested dict; mock the clock; stream a large file; cache the result; "
        "walk a directory; package the tool",
        "it raises KeyError; it hangs after the third call; the test passes alone only; the dates are off by one; memory keeps growing; "
        "the import fails; the output is empty",
        "on Windows; in a notebook; with Python 3.11; without extra packages; in a lambda function; for a command-line tool; in a web service",
    ),
    _topic(
        "home repair",
        "a dripping tap; a sash window; damp in the cellar; a squeaky stair; loose tiles; an old fuse box; a sagging door; loft insulation; "
        "a blocked gutter; plaster cracks; a radiator valve; oak parquet",
        "regrout the shower; bleed the radiator; hang a shelf; sand the floor; replace the washer; seal the draught; fix the hinge; paint the ceiling",
        "the paint peels; water comes back after rain; the screw turns freely; it smells musty; the breaker trips; the gap keeps widening",
        "in a rented flat; in a house from 1905; without power tools; over a weekend; with a small budget; before winter; above the stairs",
    ),
    _topic(
        "unit conversion",
        "cups of flour; nautical miles; fuel economy; a recipe in ounces; shoe sizes; board feet; a torque in foot-pounds; time zones; acres; "
        "a flow in gallons per minute; wind in knots; pixel density",
        "convert to metric; round sensibly; check the order of magnitude; build a conversion table; compare two labels; find the error",
        "the numbers look too big; two sources disagree; the label has no unit; my answer is off by a factor of ten",
        "for a poster; for a ship's log; in a spreadsheet; for a shopping list; for an old manual; for pupils aged twelve",
    ),
)  # fmt: skip
"""All subjects."""

BY_NAME = {topic.name: topic for topic in TOPICS}
