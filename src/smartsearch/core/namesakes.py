"""Names of people and places that are words of descriptions, too: written small, they are taken for the word."""

from __future__ import annotations

NAMESAKES = frozenset(
    """
    action amber angel april area art aurora autumn baby back bar barking barn bath batman battle bay beach bear
    beer bell bend best bill bird black bloom blue bone boulder bow boy bride bridge brook buddy buffalo bull bury
    bush candy car carol cars castle cat center centre chair chance charity chase cherry china chip church city
    clay cliff colt come converse coral cork corona costume court crane creek crook crow crystal cypress daisy dale
    dawn day deal dean derby desert dog dove drew duke eagle earl east eden ely eve evergreen eye faith fall family
    fern field flint flora forest fountain fox frank fraser friend friends front furnace gap garden gardens gene
    ginger girl glen gold golden grace grant grass green grove guy hall ham harbour hawk hazel heather heaven
    highland hill hillside holland holly home honey hook hope house hove hull human hunter iris island ivy jack
    jade jay jet jewel joy june kid kids kit labrador lacrosse lake lance laurel lawn leek lens liberal liberty
    lily lion lone loop lotus love lucky major make makes male man marathon marble march marina mark market marks
    mars mascot mason may melody mercy mid middle miles mill mine misty mobile moon more moss most mountain much
    myrtle nancy nice night noble normal north oak ocean olive orange park parks pat peace pearl peel penny pepper
    person pets phoenix pink pip pirate plain plaza pole police poppy port possession prince princess providence
    punch queen rain ray reading red reed rest rich riding river rob robin rock rod roman rose roses rowan ruby
    rugby rust rusty rye sage sale salon salt same sand sandwich sandy scarlet school sea shore shoreline side
    sienna silver sky snow south spa sparks split spring springs spruce stains star stars state station stone storm
    street sugar summer summit sun sunlight sunny sunrise sunset superior surprise swords tab tall tank tanner tape
    temple terrace tiger tongue tour tours town troll turkey turn uniform union university valley victor view
    village vine violet wade waits walker ward ware warren water wave wedding wells west whale white will wine wing
    winter wolf woman wood woodland woods woody work worms yellow young
    """.split()  # noqa: SIM905
)
