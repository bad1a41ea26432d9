"""What captions and file names say about tags: the words by which a person names what a tag means.

A tag is named by its own name and phrases ("a puppy" names "dog"), in singular or plural, and by the words below. Words
that only suggest a tag are left out: the figures shall rather say too little than too much.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from smartsearch.tagging.vocabulary import VocabularyTag
from training.data import CaptionedPhotos

#: Words and phrases, separated by semicolons, that name a tag beside those of the vocabulary.
NAMED_BY = {
    "man": "men; guy; guys; male; males; gentlemen; fellow; groom; fisherman",
    "woman": "women; ladies; female; females; bride",
    "boy": "young boy; boys",
    "girl": "young girl; girls",
    "child": "children; kids; toddlers; boy; boys; girl; girls; baby; youngster; youngsters; young boy; young girl",
    "elderly person": "old woman; old man; older man; older woman; elderly; elderly man; elderly woman; senior",
    "couple": "man and woman; man and a woman; bride and groom",
    "family": "families; mother; father; parents; parent",
    "group of people": "group; several people; many people; people; children; friends; crowd; kids; girls; boys",
    "crowd": "crowded; many people; spectators; audience; crowds",
    "audience": "crowd; fans",
    "portrait": "close up of a man; close up of a woman",
    "police officer": "police; policemen; cop; cops; officers",
    "firefighter": "firefighters; firemen",
    "musician": "musicians; band; guitarist; drummer; playing music; playing the guitar",
    "athlete": "player; runner; athletes; players",
    "dog": "puppies; greyhound; greyhounds; labrador; terrier; collie; poodle; retriever; bulldog; dalmatian; husky; "
        "boxer; german shepherd; hound; beagle; chihuahua; corgi; doberman; rottweiler; doggy; pup",
    "cat": "kitty",
    "cow": "bulls; calf; steer",
    "bird": "eagle; duck; goose; seagull; pigeon; owl; swan; hawk; parrot; geese; heron; birds; flamingo; gull",
    "duck": "ducks; ducklings",
    "pigeon": "pigeons; doves",
    "monkey": "apes; chimp",
    "insect": "bug; bugs; bee; butterfly; beetle",
    "beach": "seashore; shore; shoreline; oceanside; seaside; sand by the ocean",
    "sea": "sea; ocean; oceans",
    "waves": "wave; surf",
    "coast": "shore; shoreline; rocky beach; coastline; seashore",
    "lake": "lakes; pond",
    "river": "rivers; rapids; stream; creek",
    "mountain": "mountainous; mountainside; mountaintop; mountain top; peak; peaks; mount",
    "hill": "hillside; grassy hill; hilltop; hills; snowy hill",
    "cliff": "cliffs; rock face; rock wall; cliffside; rocky cliff",
    "valley": "canyons; canyon",
    "desert": "dunes; dune; sand dune",
    "forest": "wooded; woods; woodland; wooded area",
    "field": "fields; grassy area; meadow; pasture",
    "grass": "grassy; grasses; lawn",
    "tree": "trees; tree trunk; tree branch; pine",
    "flower": "flowered; blossoms; roses; tulips",
    "leaves": "leaf; foliage",
    "rocks": "rock; rocky; boulder; boulders; stones; stone; pebbles",
    "sand": "sandy; dunes; dune",
    "mud": "muddy",
    "puddle": "puddles",
    "ice": "icy; frozen; icicle",
    "sky": "skies; blue sky; cloudy",
    "clouds": "cloud; cloudy",
    "underwater": "under water; below the water; beneath the water; under the water",
    "sunset": "dusk; sun sets; setting sun; sun setting; sundown; twilight",
    "sunrise": "sun rises; rising sun",
    "night": "nighttime; dark; at night; night time",
    "snow": "snowy; snowbank; snow covered; snowfall; snowball; snowboarding; skiing; snowboarder; skier; ski",
    "winter": "snow; snowy; snow covered; ice",
    "autumn": "fall leaves; autumn leaves",
    "rain": "rainy; raining; umbrella",
    "fog": "foggy; misty",
    "fire": "flame; flames; fires; burning; campfire; bonfire",
    "silhouette": "silhouetted; silhouettes",
    "reflection": "reflected; reflects; reflecting; reflections; mirror",
    "shadow": "shadows",
    "city": "urban; cityscape; downtown; skyline",
    "street": "streets; sidewalk; city street; road; crosswalk; intersection",
    "road": "roads; street; highway; roadway; paved road",
    "dirt road": "dirt path; dirt track; dirt trail; gravel road; dirt hill",
    "sidewalk": "sidewalks; pavement",
    "crosswalk": "crossing the street; crossing a street; intersection",
    "railway": "train tracks; tracks; railroad tracks; railroad; rail",
    "bridge": "bridges; overpass",
    "shop": "shops; stores; storefront; store front; shop window",
    "market": "markets; vendor; vendors; marketplace",
    "restaurant": "cafe; diner",
    "cafe": "restaurant; coffee shop",
    "building": "buildings; house; church; skyscraper; tower; brick building",
    "house": "houses; home",
    "playground": "slide; swing; jungle gym; monkey bars; playground equipment; swings",
    "amusement park": "carnival; roller coaster; ferris wheel; rides; amusement ride",
    "skatepark": "skate park; ramp; halfpipe; half pipe; skate ramp; skateboard ramp",
    "stage": "stages; concert",
    "stadium": "arena",
    "swimming pool": "pool; pools; wading pool; kiddie pool",
    "pier": "piers; docks; jetty; boardwalk",
    "harbor": "harbour; dock; marina",
    "fountain": "fountains; water fountain",
    "statue": "statues; sculptures",
    "graffiti": "graffitied; mural; spray painted",
    "stairs": "stair; stairway; steps; staircase; step",
    "wall": "walls; brick wall",
    "fence": "fenced; fences; railing",
    "window": "windows",
    "car": "cars; vehicle; vehicles; suv; jeep; sedan; convertible; race car; taxi; automobile",
    "race car": "racing car; race cars; rally car",
    "truck": "trucks; pickup",
    "bus": "buses; double decker",
    "motorcycle": "motorcycles; motorcyclist; motorcyclists; motorbikes; motocross; dirt bike; dirtbike; dirt biker; "
        "motor bike; biker; motorcross; dirt bikes",
    "scooter": "scooters",
    "bicycle": "bicycles; bikes; bicyclist; bicyclists; cyclist; cyclists; biker; bikers; bmx; mountain bike; "
        "biking; bicycling; cycling; rides his bike",
    "all-terrain vehicle": "atv; four wheeler; quad; quadbike",
    "train": "trains; subway",
    "boat": "boats; sailboat; canoe; kayak; raft; ship; rowboat; motorboat; ferry; sailboats; kayaks; canoes",
    "canoe": "canoes; kayaks; kayaker; kayakers; kayaking; canoeing; paddling",
    "raft": "rafts; rafting; rafters; inflatable",
    "sled": "sleds; sledding; toboggan; sledge; sleigh; inner tube",
    "stroller": "strollers; baby carriage",
    "cart": "carts; wagons",
    "soccer": "soccer; soccer ball; soccer player; soccer players; soccer game",
    "American football": "football; football player; football players; football game; quarterback; football team",
    "basketball": "basketball; basketball player; basketball players; basketball game",
    "baseball": "baseball player; baseball players; baseball game; pitcher; batter; umpire; softball; catcher",
    "tennis": "tennis; tennis player; tennis court; tennis racket; tennis ball",
    "volleyball": "volleyball; beach volleyball",
    "golf": "golf; golfer; golf course; golfing; golfers",
    "ice hockey": "hockey; hockey players; hockey player; hockey game",
    "field hockey": "hockey; field hockey",
    "rugby": "rugby; rugby players; rugby player",
    "boxing": "boxing; boxers; boxing ring; boxer",
    "wrestling": "wrestle; wrestles; wrestling; wrestler",
    "martial arts": "karate; martial; martial arts; judo",
    "gymnastics": "gymnast; gymnastics; gymnasts; handstand; cartwheel; backflip; somersault",
    "running": "runs; run; running; ran; runners; jogging; jogs; jogger; joggers; sprinting; race; racing; sprints",
    "marathon": "marathon; race; runners; runner",
    "track and field": "track; hurdle; hurdles; relay; sprinting",
    "race": "race; racing; races; racers; racer",
    "cycling": "cyclist; cyclists; bicyclist; bicyclists; biker; bikers; bike; bikes; bicycle; bicycles; biking; "
        "bmx; cycling",
    "motocross": "motocross; motorcross; dirt bike; dirtbike; motorcycle; motorcyclist; motorbike; dirt biker; "
        "dirt bikes; motorcycles",
    "car racing": "race car; race cars; racing car; rally",
    "horse riding": "riding a horse; rides a horse; horseback; on a horse; riding horses; rides horse; equestrian; "
        "jockey; on horse; on horses; riding a brown horse; riding a white horse",
    "horse racing": "horse race; jockey; jockeys; racing horses",
    "rodeo": "rodeo; bull rider; bucking; bronco; cowboy; lasso",
    "dog racing": "greyhound; greyhounds; dogs racing; racing dogs; dog race; muzzled; muzzles; muzzle",
    "skateboarding": "skateboard; skateboarder; skateboards; skateboarders; skateboarding; skater; skaters; skating; "
        "skate",
    "roller skating": "rollerblading; rollerblader; rollerblades; roller skates; rollerskating; inline skates; "
        "roller blades; roller skating; rollerskater; skating; roller blading; inline skater; skater",
    "ice skating": "ice skating; ice skater; ice skates; skating; ice rink; skater; hockey",
    "skiing": "skier; skiers; ski; skis; skiing; skies; downhill",
    "snowboarding": "snowboard; snowboarder; snowboarders; snowboards; snowboarding",
    "sledding": "sledding; sled; sleds; sledge; sledging; toboggan; snow tube; tubing",
    "surfing": "surfer; surfers; surfs; surfing; surfboard; surfboards; surf; riding a wave; rides a wave; "
        "boogie board; bodyboard; wetsuit",
    "surfboard": "surfboards; surfer; surfing; surf board",
    "windsurfing": "windsurfing; windsurfer; windsurf; parasailing; kitesurfing; kiteboarding; parasailer; "
        "kite surfing; wind surfing; kite surfer; wind surfer; windsurfs",
    "swimming": "swimmer; swimmers; swims; swim; swimming; swam",
    "diving": "dive; dives; diver; divers; diving; jumping into; jumps into; jumping into a pool; dove",
    "scuba diving": "scuba; snorkel; snorkeling; snorkeler; scuba diver",
    "rowing": "rowing; rows; rowers; rower; row boat; rowboat; oars; paddle; paddling; canoe; rowboats",
    "kayaking": "kayak; kayaks; kayaker; kayaking; kayakers; canoe; paddling; paddles; canoeing; paddle",
    "fishing": "fishing; fisherman; fishermen; fishes; fishing pole; fishing rod",
    "hiking": "hiker; hikers; hikes; hike; hiking; trekking; backpacker; backpackers",
    "rock climbing": "climber; climbers; rock climber; rock climbing; climbs; climbing; rock climbers; climb; "
        "rappelling; scaling; rappels; scales",
    "climbing": "climbing; climbs; climb; climber; climbed; climbers",
    "camping": "camping; camp; tent; tents; campers; campsite; campfire",
    "campsite": "camping; camp; tent; tents; campground",
    "parachuting": "parachute; parachutes; skydiver; paraglider; paragliding; parasailing; skydiving; hang glider; "
        "parasail; hang gliding; parachuting",
    "dancing": "dance; dances; dancer; dancers; dancing; danced",
    "singing": "sings; sing; singer; singing; singers; karaoke",
    "playing guitar": "guitar; guitars; guitarist; guitarists",
    "guitar": "guitars; guitarist; guitarists",
    "playing music": "music; musician; musicians; instrument; instruments; band; guitar; drums; drum; accordion; "
        "violin; saxophone; trumpet; piano; plays music; guitars; flute; cello; drummer; banjo",
    "cooking": "cook; cooks; cooking; chef; preparing food; grill; grilling",
    "grilling": "grill; grills; grilling; barbecue; bbq; barbeque",
    "eating": "eat; eats; eating; ate; meal; bite; biting; bites; chewing; feeding; dinner",
    "drinking": "drink; drinks; drinking; sip; sips; sipping; beer; beverage",
    "smoking": "smoke; smokes; smoking; cigarette; cigar; pipe; cigarettes",
    "reading": "read; reads; reading; newspaper; magazine",
    "painting": "paint; paints; painting; painted; painter; artist; easel; brush",
    "drawing": "draw; draws; drawing; chalk; crayons; writing; coloring",
    "sleeping": "sleep; sleeps; sleeping; asleep; nap; napping",
    "taking photos": "photographer; photograph; taking a picture; takes a picture; photographing; taking pictures; "
        "taking a photo; photographs; photographers; takes a photo",
    "camera": "cameras; photographer; camcorder; video camera; taking a picture; takes a picture",
    "talking on the phone": "phone; cellphone; telephone; cell phone; talking on a phone; cellphones; cell phones",
    "phone": "phones; cellphone; telephone; cell phone; cellphones; cell phones",
    "jumping": "jump; jumps; jumping; jumped; leaps; leap; leaping; midair; airborne; flip; mid air; in the air; "
        "leaped; hops; flips",
    "swinging": "swing; swings; swinging; swung; rope swing; tire swing",
    "sliding": "slide; slides; sliding; slid; waterslide; water slide",
    "trampoline": "trampolines",
    "playing": "play; plays; playing; played",
    "playing in water": "splash; splashes; splashing; splashed; playing in the water; plays in the water; sprinkler; "
        "wading; wade; sprinklers; hose; sprayed",
    "playing in snow": "snowball; snowballs",
    "soap bubbles": "bubble; bubbles",
    "walking the dog": "walking a dog; walks a dog; walking dogs; walks his dog; walking his dog; leash; "
        "walking her dog; walks her dog; walking their dog; walking the dog; leashes; walking two dogs",
    "frisbee": "frisbees; disc; disk; flying disc",
    "kite": "kites; kiteboarding",
    "kissing": "kiss; kisses; kissing",
    "smiling": "smile; smiles; smiling; smiled; grinning; grin; grins; laughing; laughs",
    "crying": "cry; cries; crying; screaming; screams",
    "sunbathing": "sunbathing; sunbathers; sunbathe; sunbathes; sunbather; laying on the beach; lying on the beach",
    "parade": "parades; marching; march; procession; float",
    "protest": "protesters; protesting; demonstration; protestor; protestors; protests; rally; protester; "
        "demonstrators",
    "wedding": "bride; groom; weddings; wedding dress; bridesmaids; wedding gown",
    "bride": "brides; wedding; wedding dress",
    "party": "parties; celebrating; celebration; celebrate; celebrates; birthday",
    "festival": "fair; carnival; festivals",
    "concert": "concerts; band; rock band; rock concert; bands",
    "street performance": "street performer; street performers; performer; performers; street musician; musician; "
        "performing; performs; musicians; performance",
    "picnic": "picnics",
    "ice cream": "ice cream cone; icecream; popsicle",
    "cake": "cakes; birthday cake; cupcake",
    "dinner": "dinner; meal; eating; dinner table",
    "meat": "steak; bbq; ribs; hamburgers; meats",
    "beer": "beers; beer bottle",
    "wine": "wines; wineglass; wine glass",
    "coffee": "coffee; coffee cup; coffee mug; starbucks",
    "chair": "chairs; armchair; seat; lounge chair; lawn chair; seats",
    "bench": "benches; park bench",
    "sofa": "couches; sofas; loveseat",
    "bed": "beds; mattress; bunk bed",
    "table": "tables; picnic table",
    "television": "tv; screen; televisions",
    "computer": "computers; laptop; monitor",
    "book": "books; magazine; reading",
    "backpack": "backpacks; back pack; backpacker; backpackers",
    "suitcase": "suitcases; luggage",
    "handbag": "handbags; purses",
    "hat": "hats; caps; cap; beanie; sombrero; hooded; stocking cap; baseball cap",
    "sun hat": "straw hat; cowboy hat; sombrero; floppy hat; cowboy hats",
    "helmet": "helmets; helmeted; hard hat",
    "sunglasses": "shades; glasses; dark glasses",
    "glasses": "spectacles; sunglasses; eyeglasses",
    "goggles": "goggle",
    "tie": "ties",
    "shoes": "shoe; sneaker; boots; boot; sandals; heels",
    "dress": "dresses; gown; skirt; gowns",
    "suit": "suits; tuxedo; business suit; tie",
    "jacket": "jackets; coats; vest; hoodie",
    "swimsuit": "bikini; bathing suit; swimwear; swimsuits; bathing suits; bikinis; swim trunks; swimming suit",
    "uniform": "uniforms; uniformed; jersey; jerseys",
    "costume": "costumes; costumed; dressed as; dressed up",
    "mask": "masks; masked; face paint; face painted",
    "makeup": "make up; face paint; painted face; painted faces; face painted; lipstick",
    "tattoo": "tattoos; tattooed",
    "balloon": "balloons",
    "toy": "toys; stuffed; doll; stuffed animal; toy car",
    "ball": "balls; soccer ball; tennis ball; basketball; football; baseball; volleyball; beach ball; rugby ball",
    "soccer ball": "soccer; soccer balls",
    "tennis ball": "tennis balls",
    "racket": "rackets; racquet; tennis",
    "skis": "ski; skier; skiers; skiing",
    "skateboard": "skateboards; skateboarder; skateboarding; skateboarders",
    "drum": "drummer; drumming; drummers; bongo; bongos",
    "trumpet": "trumpets; tuba",
    "rope": "ropes; harness; tug of war",
    "umbrella": "umbrellas",
    "sign": "signs; banner; billboard; placard; banners",
    "street sign": "sign; signs; stop sign",
    "flag": "flags; banner",
    "trash can": "trash; garbage; garbage can; dumpster; trashcan; trash bin",
    "wheel": "tires; tire; wheels; tyre",
    "bucket": "buckets; pails",
    "box": "boxes; carton",
    "black and white": "black and white photo; black and white photograph",
    "close-up": "close up; closeup",
    "knife": "knives",
    "gun": "guns; rifles; pistol; toy gun",
    "bottle": "bottles; beer bottle; water bottle",
    "cup": "cups; mugs; glass",
    "bowl": "bowls",
    "plate": "plates",
}  # fmt: skip

#: Tags for the object photos' names that are spelt otherwise there.
OBJECT_TAGS = {
    "domestic cat": "cat", "swine": "pig", "cattle": "cow", "giant panda": "panda", "koala bear": "koala",
    "porcupine": "hedgehog", "ray": "stingray", "antelope": "deer", "tv or monitor": "television",
    "watercraft": "boat", "cup or mug": "cup", "hat with a wide brim": "sun hat", "head cabbage": "cabbage",
    "maillot": "swimsuit", "miniskirt": "dress", "digital clock": "clock", "computer keyboard": "keyboard",
    "hotdog": "hot dog", "baby bed": "crib", "flower pot": "potted plant", "ski": "skis", "washer": "washing machine",
    "purse": "handbag", "french horn": "French horn",
    "wine bottle": "wine", "vacuum": "vacuum cleaner",
    "chain saw": "chainsaw", "bow": "", "person": "",
}  # fmt: skip

#: Where people look in captions is no camera in the picture.
LOOKING = re.compile(r"\b(?:at|for|toward|towards|into|to|in front of|near|from) (?:the|a) camera\b")

Bools = npt.NDArray[np.bool_]


def own_words(tag: VocabularyTag) -> set[str]:
    """The name and the phrases of a tag without articles, lower case."""
    phrases = (tag.name, *tag.phrases)
    return {re.sub(r"^(an?|the) ", "", _plain(phrase)) for phrase in phrases}


def forms(word: str) -> set[str]:
    """A word or phrase in singular and plural."""
    found = {word, f"{word}s", f"{word}es"}
    if word.endswith("y"):
        found.add(f"{word[:-1]}ies")
    if word.endswith("s"):
        found.add(word[:-1])
    return found


def naming(tag: VocabularyTag) -> re.Pattern[str]:
    """Finds a word that names the tag in a text that went through `_plain`."""
    words = own_words(tag) | {_plain(word) for word in NAMED_BY.get(tag.name, "").split(";") if word.strip()}
    every = sorted(set().union(*map(forms, words)), key=len, reverse=True)
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, every))})\b")


def captions_naming(tags: Sequence[VocabularyTag], split: CaptionedPhotos) -> npt.NDArray[np.int64]:
    """How many of the captions of each photo name each tag: [tags, photos]."""
    captions = [LOOKING.sub("", _plain(caption)) for caption in split.captions]
    counts = np.zeros((len(tags), len(split.names)), np.int64)
    for row, tag in enumerate(tags):
        finds = naming(tag).search
        for caption, owner in zip(captions, split.owners, strict=True):
            counts[row, owner] += finds(caption) is not None
    return counts


def objects_shown(tags: Sequence[VocabularyTag], names: Iterable[str]) -> Bools:
    """Which tag says what is on each object photo, by its name: [tags, photos]."""
    own = [own_words(tag) for tag in tags]

    def shows(row: int, name: str) -> bool:
        if name in OBJECT_TAGS:
            return OBJECT_TAGS[name] == tags[row].name
        return bool(forms(_plain(name)) & own[row])

    listed = list(names)
    by_name = {name: [shows(row, name) for row in range(len(tags))] for name in set(listed)}
    return np.array([by_name[name] for name in listed]).T


def _plain(text: str) -> str:
    """Lower-case words with single spaces between."""
    return " ".join(re.findall(r"[a-z]+", text.lower()))
