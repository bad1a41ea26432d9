"""Everyday words for things the classifier knows under narrower names, where WordNet draws no line between them."""

from __future__ import annotations

#: Word or phrase, and the plain names of the classes it covers.
EVERYDAY = {
    "rocket": ("missile", "space shuttle"),
    "rocket launch": ("missile", "space shuttle"),
    "spacecraft": ("space shuttle",),
    "temple": ("stupa", "palace", "monastery", "mosque"),
    "pagoda": ("stupa", "palace"),
    "old building": ("palace", "monastery", "castle", "church", "triumphal arch"),
    "phone": ("mobile phone", "rotary dial telephone", "payphone"),
    "smartphone": ("mobile phone",),
    "coffee": ("espresso", "coffee mug", "espresso machine"),
    "cup": ("coffee mug", "tea cup", "espresso"),
    "cup of coffee": ("espresso", "coffee mug"),
    "flower": ("daisy", "yellow lady's slipper"),
    "kitten": ("tabby cat", "Persian cat", "Siamese cat", "Egyptian Mau"),
    "puppy": ("Golden Retriever", "Labrador Retriever", "Beagle", "Chihuahua"),
    "motorbike": ("motor scooter", "moped"),
    "bicycle": ("mountain bike", "tandem bicycle"),
    "ship": ("ocean liner", "container ship", "schooner", "aircraft carrier"),
    "boat": ("gondola", "motorboat", "lifeboat", "yawl", "catamaran", "fireboat"),
    "train": ("steam locomotive", "electric locomotive", "freight car", "railroad car"),
    "plane": ("airliner", "military aircraft"),
    "computer": ("desktop computer", "laptop computer", "notebook computer"),
    "beach": ("sandbar",),
    "mountains": ("mountain", "volcano", "cliff"),
    "seaside": ("sandbar", "promontory"),
    "gun": ("assault rifle", "rifle", "revolver"),
    "dessert": ("ice cream", "trifle", "popsicle"),
    "fruit": ("Granny Smith apple", "strawberry", "orange", "lemon", "fig", "pineapple", "banana", "pomegranate"),
    "vegetables": ("cabbage", "broccoli", "cauliflower", "zucchini", "cucumber", "artichoke", "bell pepper"),
    "glasses": ("sunglasses",),
    "written page": ("menu", "crossword", "comic book", "website"),
    "book": ("comic book", "menu", "dust jacket"),
}


def everyday_classes(names: list[str]) -> dict[str, set[int]]:
    """The same with class indices, given the plain names in the classifier's order."""
    return {
        word: {index for index, name in enumerate(names) if name.lower() in {item.lower() for item in covered}}
        for word, covered in EVERYDAY.items()
    }
