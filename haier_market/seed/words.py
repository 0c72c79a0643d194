"""What the seeded company talks about: platforms, firms, customers, roles, needs, ideas. Data only, in plain English.

Nothing here describes a real person, customer or contract. Skills are labels of ESCO; one that is not loaded is left
out.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Job:
    """A role and the customer outcome it serves."""

    role: str
    outcome: str


@dataclass(frozen=True)
class Field:
    """A platform with all that its MEs talk about."""

    name: str
    purpose: str
    purposes: tuple[str, ...]
    customers: tuple[str, ...]
    suppliers: tuple[str, ...]
    products: tuple[str, ...]
    skills: tuple[str, ...]
    jobs: tuple[Job, ...]
    currency: str = "CNY"
    is_node: bool = False


EVERYWHERE = (
    Job("Product owner", "Households get what they asked for, measured by returns below 2 %"),
    Job("Customer care", "Every question is answered the same day"),
    Job("Quality engineer", "Fewer than 30 faults in 10,000 units in the first year"),
    Job("Buyer", "Parts arrive on the agreed day at the agreed price"),
    Job("Data analyst", "The team knows each morning what users did the day before"),
    Job("Sales", "Orders of existing customers grow by a tenth a year"),
    Job("Field service", "A broken machine works again within two days"),
)
EVERYWHERE_SKILLS = (
    "Agile project management", "customer insight", "negotiate terms with suppliers", "analyse test data",
    "manage contracts", "communicate with customers", "sales strategies", "supply chain management",
    "define quality standards", "forecast products' demand", "create training materials", "PostgreSQL",
)  # fmt: skip

FIELDS = (
    Field(
        "Smart Kitchen",
        "Kitchens that plan, store and cook with people instead of for them.",
        (
            "Ovens and hobs that cook a family recipe the same way every time.",
            "Refrigerators that know what is in them and waste nothing.",
            "Recipes, ingredients and machines from one hand.",
            "Quiet extraction for open kitchens.",
        ),
        ("Suning Home", "Jing Retail", "Lyon Cuisine", "Harbin Apartments", "Kitchen & Co", "Vasca Living"),
        ("Ruhr Glass", "Ningbo Sheet Metal", "Delta Compressors", "Pearl Packaging", "Aster Sensors"),
        ("steam oven", "built-in refrigerator", "induction hob", "wine cabinet", "dishwasher", "range hood"),
        ("embedded systems", "thermodynamics", "use CAD software", "comply with food safety and hygiene",
         "design customer experiences", "identify nutritional properties of food"),
        (
            Job("Recipe engineer", "A first-time cook succeeds with nine recipes out of ten"),
            Job("Thermal engineer", "A full oven is hot in six minutes with a fifth less energy"),
            Job("Interface designer", "Users over seventy set a programme without the manual"),
        ),
    ),
    Field(
        "Cold Chain Logistics",
        "Food and medicine arrive at the temperature at which they left.",
        (
            "Refrigerated last miles for pharmacies and grocers.",
            "Vaccine boxes that report their own temperature.",
            "Shared cold stores for small growers.",
        ),
        ("Qilu Pharmacy", "Fresh Harbour", "Meridian Clinics", "Orchard Direct", "Blue Crate Grocers", "Nordhavn Fish"),
        ("Cold Store Nine", "Helix Fuel", "Roadline Tyres", "Boreal Gas", "Tianjin Trailers"),
        ("vaccine box", "cold store", "reefer trailer", "temperature logger", "delivery locker"),
        ("logistics", "manage warehouse operations", "refrigerants", "use methods of logistical data analysis",
         "manage medical supply chains", "develop food safety programmes"),
        (
            Job("Route planner", "Nine of ten deliveries arrive within their half hour"),
            Job("Cold store keeper", "No pallet leaves its temperature range"),
            Job("Fleet engineer", "Reefer units stand still for less than one day a quarter"),
        ),
    ),
    Field(
        "Health & Home",
        "Care that stays at home: sleep, air, movement, medication.",
        ("Medication cabinets for people who live alone.", "Sleep that can be measured and mended.",
         "Rehabilitation at home with a therapist on the screen."),
        ("Silver Lake Care", "Mercy Day Clinics", "City of Weifang", "Homefield Insurance", "Lantern Seniors"),
        ("Optima Plastics", "Hui Battery", "Meditest Lab", "Clearview Displays"),
        ("medication cabinet", "sleep sensor", "massage chair", "air monitor", "walking aid"),
        ("conduct health related research", "biomechanics", "machine learning",
         "apply health and safety standards", "contribute to public health campaigns", "hardware testing methods"),
        (
            Job("Care designer", "People of eighty manage their week of medication alone"),
            Job("Clinical liaison", "Therapists see progress without a visit"),
            Job("Regulatory specialist", "Every product is approved before the season it is sold in"),
        ),
    ),
    Field(
        "Industrial IoT",
        "Factories that see themselves: machines, energy, quality, people.",
        ("Sensors and models that stop a line before it breaks.", "Digital twins of pressing and painting lines.",
         "Open interfaces between old machines and new software."),
        ("Hanse Presswerk", "Foshan Ceramics", "Ural Bearings", "Delta Tyres", "Huangdao Shipyard", "Pune Castings"),
        ("Nimbus Servers", "Aster Sensors", "Ringier Cables", "Kepler Optics"),
        ("vibration sensor", "edge gateway", "paint line", "energy meter", "vision cell", "press line"),
        ("machine learning", "embedded systems", "robotics", "industrial software", "Python (computer programming)",
         "analyse big data", "apply advanced manufacturing", "cloud technologies"),
        (
            Job("Automation engineer", "Unplanned stops fall by a third"),
            Job("Data engineer", "Every machine's day is readable the next morning"),
            Job("Solution architect", "A plant is connected in four weeks instead of twelve"),
        ),
    ),
    Field(
        "Laundry & Care",
        "Clothes last longer, water and powder are used where they help.",
        ("Washing for shops, hotels and dormitories by subscription.", "Dryers that read the fabric.",
         "Shoe and fur care nobody offered before."),
        ("Campus Wash", "Grand Lotus Hotels", "Wash & Walk", "Bright Linen", "Dormitory Trust"),
        ("Pacific Motors", "Ruhr Glass", "Ningbo Sheet Metal", "Soapworks"),
        ("drum washer", "heat pump dryer", "shoe care cabinet", "dosing unit", "laundry app"),
        ("fluid mechanics", "acoustics", "design electromechanical systems", "conduct performance tests",
         "electronic test procedures", "handle chemical cleaning agents"),
        (
            Job("Drum engineer", "A full drum spins below 62 decibels"),
            Job("Fabric scientist", "Wool survives a hundred washes"),
            Job("Subscription manager", "Nine of ten dormitories renew"),
        ),
    ),
    Field(
        "Air & Water",
        "Air to breathe and water to drink, in any city.",
        ("Clean water from any tap.", "Heat pumps for old houses.", "Classrooms with air that keeps pupils awake."),
        ("Jinan Schools", "Old Town Housing", "Aqua Nova", "Metro Line 4", "Hospital of the East"),
        ("Filterhaus", "Copper & Sons", "Delta Compressors", "Boreal Gas"),
        ("heat pump", "ventilation unit", "water filter", "humidifier", "duct sensor"),
        ("install heat pump", "develop water purification methods", "install air conditioning device",
         "energy performance of buildings", "interpret scientific data to assess water quality", "acoustics"),
        (
            Job("Water chemist", "Lead stays below 2 micrograms at every tap"),
            Job("Installation lead", "A flat is fitted in one day"),
            Job("Air engineer", "Classrooms stay below 900 ppm of carbon dioxide"),
        ),
    ),
    Field(
        "Energy & Storage",
        "Homes that make, keep and trade their own power.",
        ("Batteries that pay for themselves in six years.", "Balcony solar for people who rent.",
         "Virtual power plants of ten thousand refrigerators."),
        ("Green Roof Estates", "Stadtwerk Nord", "Island Grid", "Solar Garden", "Harbin Apartments"),
        ("Hui Battery", "Copper & Sons", "Sunpath Cells", "Ringier Cables"),
        ("home battery", "balcony panel", "inverter", "charging point", "energy app"),
        ("battery chemistry", "solar energy", "energy storage systems", "analyse energy market trends",
         "develop energy saving concepts", "design control systems"),
        (
            Job("Battery engineer", "Four thousand cycles with four fifths of the capacity left"),
            Job("Grid analyst", "Homes earn on every evening peak"),
            Job("Solar installer", "A balcony makes power the day the box arrives"),
        ),
    ),
    Field(
        "Retail & Service",
        "The last metres to the customer: shops, delivery, repair, second life.",
        ("Repair within two days, anywhere in the province.", "Refurbished machines with a new guarantee.",
         "Shops where people cook before they buy."),
        ("Northgate Mall", "Jing Retail", "Second Home", "Village Post", "Union of Landlords"),
        ("Roadline Tyres", "Pearl Packaging", "Helix Fuel", "Shopfit"),
        ("repair kit", "demo kitchen", "delivery van", "spare part", "trade-in app"),
        ("repair equipment on site", "customer relationship management", "install electrical household appliances",
         "manage warehouse inventory", "brand marketing techniques", "customer segmentation"),
        (
            Job("Repair lead", "Two of three machines are mended at the first visit"),
            Job("Shop host", "Every fifth visitor who cooks also buys"),
            Job("Refurbisher", "A second life costs half and lasts five years"),
        ),
    ),
    Field(
        "Design & Engineering",
        "Hands and heads for every ME: design, testing, tooling, software.",
        ("Tests and certificates in days instead of weeks.", "Industrial design from sketch to tool.",
         "Software teams by the month."),
        ("Lyon Cuisine", "Pune Castings", "Vasca Living", "Kitchen & Co"),
        ("Nimbus Servers", "Meditest Lab", "Kepler Optics"),
        ("test bench", "design study", "mould", "firmware", "mobile app"),
        ("use CAD software", "firmware", "develop test procedures", "debug software", "build a product's physical model",
         "apply systemic design thinking", "packaging engineering", "design drawings"),
        (
            Job("Industrial designer", "A concept survives the first user test"),
            Job("Test engineer", "A certificate takes nine days"),
            Job("Firmware developer", "No update ever bricks a machine"),
        ),
        is_node=True,
    ),
    Field(
        "People & Numbers",
        "Payroll, law, training and books for MEs that want to do their own work.",
        ("Payroll without a question left open.", "Contracts a leader can read in ten minutes.",
         "Courses that people finish."),
        ("Union of Landlords", "Village Post", "City of Weifang"),
        ("Nimbus Servers", "Pearl Packaging"),
        ("payroll", "training course", "contract template", "tax filing"),
        ("manage payroll", "accounting", "contract law", "deliver online training", "recruit employees",
         "financial forecasting"),
        (
            Job("Payroll specialist", "Everybody is paid on the day, to the cent"),
            Job("Contract lawyer", "No ME signs what it did not understand"),
            Job("Trainer", "Nine of ten finish the course and use it"),
        ),
        is_node=True,
    ),
    Field(
        "Japan Living",
        "Appliances for small flats and long lives, made for Japan.",
        ("Narrow refrigerators for narrow kitchens.", "Washing machines for balconies."),
        ("Yamato Denki", "Sakura Apartments", "Kansai Care"),
        ("Osaka Motors", "Nagoya Press"),
        ("slim refrigerator", "balcony washer"),
        ("thermodynamics", "acoustics", "customer insight", "conduct performance tests"),
        (
            Job("Product planner", "Every flat of twenty square metres has room for it"),
            Job("Service partner", "A call before noon is a visit the same day"),
        ),
        currency="JPY",
    ),
)  # fmt: skip
COMPANY_FIELDS = tuple(each for each in FIELDS if each.currency == "CNY")
JAPAN = FIELDS[-1]

FIRST_WORDS = (
    "Amber", "Silver", "Copper", "Golden", "Scarlet", "Indigo", "Ivory", "Jade", "Coral", "Crimson", "Violet", "Emerald",
    "Quiet", "Bright", "Gentle", "Swift", "Steady", "Early", "Open", "Hidden", "Round", "Plain", "Brave", "Honest",
    "North", "South", "East", "River", "Harbour", "Mountain", "Meadow", "Island", "Valley", "Forest", "Summer", "Winter",
    "Morning", "Evening", "Midnight", "Double", "Seven", "First", "Second", "Common", "Paper", "Stone", "Cedar", "Maple",
    "Bamboo", "Lotus", "Juniper", "Saffron", "Cotton", "Velvet", "Iron", "Glass", "Salt", "Rain", "Cloud", "Star",
)  # fmt: skip
SECOND_WORDS = (
    "Heron", "Kestrel", "Otter", "Carp", "Crane", "Fox", "Hare", "Lynx", "Magpie", "Sparrow", "Swallow", "Turtle",
    "Anchor", "Arrow", "Basket", "Beacon", "Bell", "Bridge", "Button", "Candle", "Compass", "Cradle", "Drum", "Ember",
    "Feather", "Field", "Flute", "Forge", "Fountain", "Gate", "Grove", "Hammer", "Hearth", "Hive", "Horizon", "Kite",
    "Ladder", "Lamp", "Lantern", "Leaf", "Loom", "Mill", "Mirror", "Needle", "Oar", "Orchard", "Pebble", "Pier", "Pillow",
    "Plum", "Quill", "Raft", "Ribbon", "Root", "Sail", "Shore", "Spindle", "Spring", "Stove", "Table", "Thimble", "Thread",
    "Torch", "Tower", "Wagon", "Well", "Wheel", "Whistle", "Willow", "Window",
)  # fmt: skip

SITES = (
    ("Qingdao", "Asia/Shanghai", 30), ("Jiaozhou", "Asia/Shanghai", 10), ("Hefei", "Asia/Shanghai", 8),
    ("Chongqing", "Asia/Shanghai", 8), ("Wuhan", "Asia/Shanghai", 6), ("Shanghai", "Asia/Shanghai", 6),
    ("Louisville", "America/New_York", 6), ("Pune", "Asia/Kolkata", 5), ("Brugherio", "Europe/Rome", 4),
    ("Eskişehir", "Europe/Istanbul", 4), ("Prachinburi", "Asia/Bangkok", 3), ("Auckland", "Pacific/Auckland", 3),
    ("Cairo", "Africa/Cairo", 3), ("Lagos", "Africa/Lagos", 2), ("Tver", "Europe/Moscow", 2),
)  # fmt: skip


@dataclass(frozen=True)
class Need:
    """What an ME asks the market for; `{product}` and `{site}` are filled in."""

    title: str
    need: str
    measure: str
    plan: str
    parts: tuple[str, ...]
    is_quality: bool = False


NEEDS = (
    Need(
        "Door seals for the {product} line in {site}",
        "The door of our {product} loses cold at two corners. We need seals that fit the existing frame and survive "
        "100,000 openings.",
        "Leakage below 0.4 litres a minute after 100,000 openings (today 1.1), measured by our laboratory in {site}.",
        "Two profiles in parallel, a sample after ten days, tools cut only after your laboratory agrees.",
        ("Samples of two profiles", "Tools and first 500 seals"),
    ),
    Need(
        "Usability study of the {product} with users over 70",
        "Older users send the {product} back more often than others. We need to know where they stop, and three "
        "proposals that help.",
        "Twenty households in {site}; eight of ten complete five tasks without help (today four of ten).",
        "Home visits with two observers, video with consent, proposals as clickable screens.",
        ("Visits and findings", "Three proposals, tested"),
        is_quality=True,
    ),
    Need(
        "Firmware update over the air for the {product}",
        "Machines in {site} still need a visit for every update. We need safe updates over the air, signed and with a "
        "way back.",
        "1,000 machines updated in one night, none bricked, every update signed; shown by the log of our test fleet.",
        "Two image slots, signed packages, a staged roll-out at 1, 10 and 100 percent.",
        ("Update service and two slots", "Roll-out on 100 machines", "Roll-out on 1,000 machines"),
        is_quality=True,
    ),
    Need(
        "Temperature mapping of the cold store in {site}",
        "An auditor asks for a map of the temperatures in our cold store, full and empty, summer and winter.",
        "48 points, 14 days each; the report is accepted by the auditor without a question.",
        "Calibrated loggers on three levels, one weekend to install, a report in both languages.",
        ("Loggers installed", "Report accepted"),
    ),
    Need(
        "Design study for the next {product}",
        "The {product} will be built in four years from now. We need three directions, one of them uncomfortable.",
        "Three directions as models at scale 1:1; at least one is taken further by our members' vote.",
        "Two weeks of research, three models in foam, one in metal, a day together in {site}.",
        ("Research and sketches", "Three models"),
        is_quality=True,
    ),
    Need(
        "Payroll for 14 people in {site}",
        "We want nobody of us to spend time on payroll. All 14 people, two tracks, part months included.",
        "Three months without a correction; every question answered within one day.",
        "A test month beside the old payroll, then two months live, a named person on the phone.",
        ("Test month", "Two live months"),
    ),
    Need(
        "Transport of 1,200 {product} units from {site} to the harbour",
        "The season starts early this year. 1,200 units must reach the harbour in three weeks, upright and dry.",
        "All units on board by the last day; damage below 0.3 %, counted by the shipping company.",
        "Twelve trucks in four waves, shock indicators on every pallet, a spare truck on call.",
        ("First 600 units on board", "All units on board"),
    ),
    Need(
        "Noise below 62 dB for the {product}",
        "The {product} is too loud for open kitchens. We need to know which three parts make the noise, and what to do.",
        "62 dB at one metre in our acoustic room in {site} (today 66), at no more than 2 yuan per unit.",
        "Measure with 64 microphones, change one part at a time, hand over drawings.",
        ("Noise map", "Changed parts at 62 dB"),
    ),
    Need(
        "Spare parts counter for {site}",
        "Repairers wait four days for parts. We need a counter that hands out the forty most wanted within an hour.",
        "Nine of ten requests served within one hour over four weeks, from the counter's own list.",
        "A locker with forty drawers, filled every night, opened by the repair order.",
        ("Counter open", "Four weeks at nine of ten"),
    ),
    Need(
        "Model that predicts a failing compressor in the {product}",
        "Compressors fail without a sign the owner would notice. The data of 90,000 machines may hold one.",
        "Of the failures of the next two months, half are predicted a week before, with fewer than one false alarm in "
        "a hundred machines.",
        "Two features we know work, one we want to try, weekly numbers you can check.",
        ("Model on past data", "Two months on live data"),
        is_quality=True,
    ),
    Need(
        "Packaging of the {product} without foam",
        "Two markets forbid foam from next year. The {product} must arrive whole in cardboard alone.",
        "Ten drops from 60 cm without damage; cost at most 3 yuan above today; test by our laboratory in {site}.",
        "Folded corners from one sheet, tested in week two, tools in week four.",
        ("Tested design", "First 2,000 boxes"),
    ),
    Need(
        "Training for 40 repairers on the {product}",
        "The new {product} has a sealed circuit. Forty repairers must be able to open and close it safely.",
        "Forty certificates; first-visit repairs rise to two of three (today one of two) within a month.",
        "Eight groups of five at real machines, an exam in front of the machine.",
        ("Four groups certified", "All groups certified"),
        is_quality=True,
    ),
    Need(
        "Certificate for the {product} in two new markets",
        "We want to sell the {product} in two more countries before summer.",
        "Both certificates in hand; no change of the product after the first test.",
        "A look at the drawings first, both tests in one laboratory, papers in four languages.",
        ("Pre-test", "Both certificates"),
    ),
    Need(
        "Shelf prices of the {product} in 300 shops, every Monday",
        "We set prices blind. We need to see what 300 shops charge for the {product} and its rivals.",
        "300 shops by nine on Monday for twelve weeks, wrong prices below one in two hundred, checked by sample.",
        "Photographs from partners in {site}, read by a model, checked by people.",
        ("Four weeks of prices", "Twelve weeks of prices"),
    ),
    Need(
        "Energy audit of the paint shop in {site}",
        "The paint shop uses a third of our power. Nobody knows where it goes at night.",
        "A list of measures that saves at least a tenth within a year, each with cost and payback.",
        "Meters on 22 consumers for two weeks, nights included, then a list by payback.",
        ("Two weeks of measuring", "List of measures"),
    ),
    Need(
        "Service chat for owners of the {product}",
        "Owners ask the same forty questions. Half of them should get a right answer at once, day and night.",
        "Half of the questions answered without a person, satisfaction at least 4 of 5, over four weeks.",
        "Forty answers written with your service people, a way to a person on every screen.",
        ("Forty answers", "Four weeks live"),
        is_quality=True,
    ),
)

PLANS_MORE = (
    "Two of us have done the same for another ME last year.",
    "We report every Friday, with numbers.",
    "If the first part fails you owe nothing for the second.",
    "One person on site in {site} from the first day.",
    "We bring our own measuring equipment.",
    "A test with three of your users comes first.",
)
EVIDENCE = (
    "Report and raw data are in the shared folder; the numbers of the success measure are on page 2.",
    "Measured together with your laboratory on site; protocol signed by both.",
    "Handed over on site, counted by your people; the list is attached to the delivery note.",
    "Live since Monday; the dashboard shows the agreed figure for every day.",
)
REJECTED = (
    "Two of the agreed points are missing from the report.",
    "The sample leaks at one corner; the measure is not reached yet.",
)
PART_REASONS = (
    "One of the agreed sites is missing; the rest is as agreed.",
    "Nine of ten units pass; the tenth is void.",
)
COMMENTS = (
    "Came earlier than promised and said what did not work.",
    "Good work; the first report was hard to read.",
    "Exactly what we asked for.",
    "Needed two reminders, then everything at once.",
    "We would ask them again tomorrow.",
    "The numbers hold. Communication could be shorter.",
)
RATER_COMMENTS = ("Clear need, quick decisions.", "Acceptance took a while, but was fair.", "A pleasure to work for.")
WIN_REASONS = (
    "Lowest price, and the plan names the risks we see too.",
    "Best score; the plan reaches the measure a week earlier.",
    "Convincing plan at the best price.",
)
NO_AWARD_REASONS = ("The need has changed: the season's plan was cut.", "No plan reaches the measure; we ask again.")
CANCEL_REASONS = (
    "We found the parts in our own stock.",
    "The customer postponed the order.",
    "The need was written too narrowly; we publish it again.",
)
END_REASONS = ("Both leaders agree: the customer left, the rest has no use.",)
DISSOLVE_REASONS = (
    "The customer our work was for stopped the line; we end it in order while the wallet is full.",
    "Two seasons below the plan. The team is good, the market was not.",
    "Our product became a feature of another ME. We wish it well.",
)


@dataclass(frozen=True)
class Venture:
    """An idea somebody could have."""

    title: str
    customer: str
    outcome: str
    metric: str
    baseline: str
    target: str
    leading: str


VENTURES = (
    Venture(
        "Second Harvest Kitchen",
        "Canteens of 200 to 800 meals that throw a tenth of their food away and pay for it twice.",
        "Half the waste within six months, weighed every evening on their own scale.",
        "Waste per meal", "92 g", "45 g", "30 g",
    ),
    Venture(
        "Night Nurse",
        "Families with a parent who gets up at night; today somebody sleeps in the next room.",
        "The family sleeps through five nights of seven and is called only when it matters.",
        "False calls per week", "11", "2", "1",
    ),
    Venture(
        "Rented Winter",
        "Students who need a heater for four months and buy one for ten years.",
        "Warm rooms at a third of the price, collected and cleaned in April.",
        "Rentals per season", "0", "3,000", "5,000",
    ),
    Venture(
        "Clean Hands Laundry",
        "Small clinics that wash at home or pay a hotel laundry by the kilo.",
        "Hygienic washing in their own cellar, proven by a printed curve for every load.",
        "Clinics under contract", "2", "40", "60",
    ),
    Venture(
        "Quiet Classroom Air",
        "Primary schools with closed windows beside main roads.",
        "Air below 900 ppm and 35 decibels in every lesson, seen by pupils on the wall.",
        "Lessons above 900 ppm", "61 %", "5 %", "2 %",
    ),
    Venture(
        "Island Cold",
        "Fishermen on islands who sell at the pier because ice costs more than fish.",
        "Fish reaches the mainland market at two degrees, sold at twice the pier's price.",
        "Price over pier price", "1.0", "1.8", "2.2",
    ),
    Venture(
        "Fair Repair",
        "Owners of machines older than eight years whom nobody sells parts to.",
        "Two of three old machines run again for less than a fifth of a new one.",
        "Repairs per month", "40", "600", "900",
    ),
    Venture(
        "Grid Friend",
        "Housing companies with 500 refrigerators that all start at the same minute.",
        "A tenth of the peak moves to the night, and the tenants share the bonus.",
        "Peak moved", "0 %", "10 %", "15 %",
    ),
    Venture(
        "Dinner by Numbers",
        "People with diabetes who cook for a family that has none.",
        "One pot for everybody, with the grams of one plate on the display.",
        "Families cooking weekly", "0", "1,500", "2,500",
    ),
    Venture(
        "Shoe Hospital",
        "Office towers where good shoes die of rain.",
        "A cabinet in the lobby: wet shoes at nine, dry and clean at five.",
        "Pairs per cabinet and day", "4", "25", "40",
    ),
    Venture(
        "Open Part",
        "Repair cafés that print parts which break after a week.",
        "Drawings that hold, tested by us, printed anywhere.",
        "Parts with a year of life", "0", "120", "200",
    ),
    Venture(
        "Water Passport",
        "Restaurants that buy bottled water because nobody believes the tap.",
        "A tap with a certificate per litre, cheaper than the bottle from the first week.",
        "Restaurants with a passport", "3", "80", "150",
    ),
)  # fmt: skip
VENTURE_PLACES = ("", " North", " South", " Coast", " City", " Village", " Campus", " Pilot", " East", " West")
