"""What the dictionary is worth: queries in twelve languages against the same queries in English, packaged model.

    SMARTSEARCH_DATA=... python benchmarks/languages.py

Twelve queries, as people would type them in each language. Printed for each language: how many of the English query's
ten best of 1,000 photos are among the ten best of the translated one, with the dictionary and without it; the ceiling
is 1.
Then how many of the photos' 5,000 English captions are taken for another language, which should be none.
"""

from __future__ import annotations

import csv
import os
from pathlib import Path

import numpy as np

from smartsearch.catalog import ModelCatalog, ModelChoice
from smartsearch.core.settings import RuntimeSettings
from smartsearch.media.decode import decode
from smartsearch.media.request import DecodeRequest
from smartsearch.search.languages import LANGUAGES, translation_of

TOP = 10
QUERIES = """
en
  a dog on the beach
  two children in the snow
  a man on a bicycle
  a woman with a red hat
  children playing football
  a boat on a lake
  a black dog with a ball
  a girl in a swimming pool
  people in the street at night
  a horse in a field
  a boy on a mountain
  a bird in a tree
de
  ein Hund am Strand
  zwei Kinder im Schnee
  ein Mann auf einem Fahrrad
  eine Frau mit rotem Hut
  Kinder spielen Fußball
  ein Boot auf einem See
  ein schwarzer Hund mit einem Ball
  ein Mädchen im Schwimmbad
  Leute nachts auf der Straße
  ein Pferd auf einem Feld
  ein Junge auf einem Berg
  ein Vogel in einem Baum
fr
  un chien sur la plage
  deux enfants dans la neige
  un homme à vélo
  une femme avec un chapeau rouge
  des enfants jouant au football
  un bateau sur un lac
  un chien noir avec un ballon
  une fille dans une piscine
  des gens dans la rue la nuit
  un cheval dans un champ
  un garçon sur une montagne
  un oiseau dans un arbre
es
  un perro en la playa
  dos niños en la nieve
  un hombre en bicicleta
  una mujer con un sombrero rojo
  niños jugando al fútbol
  un barco en un lago
  un perro negro con una pelota
  una niña en una piscina
  gente en la calle de noche
  un caballo en un campo
  un niño en una montaña
  un pájaro en un árbol
it
  un cane sulla spiaggia
  due bambini nella neve
  un uomo in bicicletta
  una donna con un cappello rosso
  bambini che giocano a calcio
  una barca su un lago
  un cane nero con una palla
  una ragazza in piscina
  persone in strada di notte
  un cavallo in un campo
  un ragazzo su una montagna
  un uccello su un albero
pt
  um cão na praia
  duas crianças na neve
  um homem de bicicleta
  uma mulher com um chapéu vermelho
  crianças a jogar futebol
  um barco num lago
  um cão preto com uma bola
  uma menina numa piscina
  pessoas na rua à noite
  um cavalo num campo
  um menino numa montanha
  um pássaro numa árvore
nl
  een hond op het strand
  twee kinderen in de sneeuw
  een man op een fiets
  een vrouw met een rode hoed
  kinderen die voetballen
  een boot op een meer
  een zwarte hond met een bal
  een meisje in een zwembad
  mensen op straat in de nacht
  een paard in een veld
  een jongen op een berg
  een vogel in een boom
pl
  pies na plaży
  dwoje dzieci w śniegu
  mężczyzna na rowerze
  kobieta w czerwonym kapeluszu
  dzieci grające w piłkę nożną
  łódź na jeziorze
  czarny pies z piłką
  dziewczynka w basenie
  ludzie na ulicy w nocy
  koń na polu
  chłopiec na górze
  ptak na drzewie
sv
  en hund på stranden
  två barn i snön
  en man på cykel
  en kvinna med röd hatt
  barn som spelar fotboll
  en båt på en sjö
  en svart hund med en boll
  en flicka i en pool
  människor på gatan på natten
  en häst på ett fält
  en pojke på ett berg
  en fågel i ett träd
ru
  собака на пляже
  двое детей в снегу
  мужчина на велосипеде
  женщина в красной шляпе
  дети играют в футбол
  лодка на озере
  чёрная собака с мячом
  девочка в бассейне
  люди на улице ночью
  лошадь в поле
  мальчик на горе
  птица на дереве
tr
  plajda bir köpek
  karda iki çocuk
  bisikletli bir adam
  kırmızı şapkalı bir kadın
  futbol oynayan çocuklar
  gölde bir tekne
  toplu siyah bir köpek
  havuzda bir kız
  gece sokakta insanlar
  tarlada bir at
  dağda bir erkek çocuk
  ağaçta bir kuş
ja
  ビーチの犬
  雪の中の二人の子供
  自転車に乗る男性
  赤い帽子の女性
  サッカーをする子供
  湖のボート
  ボールを持つ黒い犬
  プールの女の子
  夜の通りの人々
  野原の馬
  山の男の子
  木の鳥
zh
  海滩上的狗
  雪中的两个孩子
  骑自行车的男人
  戴红帽子的女人
  踢足球的孩子
  湖上的船
  带球的黑狗
  游泳池里的女孩
  夜晚街上的人
  田野里的马
  山上的男孩
  树上的鸟
"""


def main() -> None:
    data = os.environ.get("SMARTSEARCH_DATA")
    if not data:
        raise SystemExit("SMARTSEARCH_DATA must name the folder of real inputs.")
    folder = Path(data) / "captioned-photos"
    with (folder / "captions.tsv").open(encoding="utf-8", newline="") as source:
        rows = [row for row in csv.reader(source, delimiter="\t", quoting=csv.QUOTE_NONE) if row[0] == "dev"]
    names = sorted({row[1] for row in rows})
    encoders = ModelCatalog(Path("nowhere"), RuntimeSettings()).encoders(ModelChoice.parse("pocket"))
    request = DecodeRequest((encoders.image.preprocessing,))
    found = {path.name: path for path in folder.rglob("*.jpg")}
    pixels = np.stack([decode(str(found[Path(name).name]), request).inputs[0] for name in names])
    photos = encoders.image.encode_images(pixels)

    def best(texts: list[str]) -> list[set[int]]:
        scores = encoders.text.encode_texts(texts) @ photos.T
        return [set(np.argsort(-row, kind="stable")[:TOP].tolist()) for row in scores]

    typed_in: dict[str, list[str]] = {}
    code = ""
    for line in QUERIES.strip().splitlines():
        if line.startswith(" "):
            typed_in[code].append(line.strip())
        else:
            code, typed_in[line] = line, []
    english = best(typed_in.pop("en"))
    print(f"{len(english)} queries, {len(names):,} photos; share of the English query's {TOP} best that are found")
    for code, typed in typed_in.items():
        meant = [told.text if (told := translation_of(text)) else text for text in typed]
        understood = sum(translation_of(text) is not None for text in typed)
        with_it, without = (
            np.mean([len(one & other) / TOP for one, other in zip(english, best(texts), strict=True)])
            for texts in (meant, typed)
        )
        print(f"  {LANGUAGES[code]:<12} {with_it:.2f} (without the dictionary {without:.2f}), {understood} recognised")
    captions = [row[2] for row in rows]
    mistaken = [caption for caption in captions if translation_of(caption)]
    print(f"{len(mistaken)} of {len(captions):,} English captions taken for another language: {mistaken[:5]}")


if __name__ == "__main__":
    main()
