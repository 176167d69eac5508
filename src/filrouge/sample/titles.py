"""Titles of articles by topic, invented."""

from __future__ import annotations

ARTICLES: dict[str, tuple[str, ...]] = {
    "politique": (
        "Budget régional : ce que change le vote",
        "Conseil municipal, la soirée de tous les débats",
        "Mobilités : le plan qui divise",
        "Élections locales, mode d'emploi",
    ),
    "économie": (
        "Les ateliers du port recrutent",
        "Pourquoi les loyers se stabilisent",
        "Ces PME qui relocalisent",
        "Épargne : faut-il tout revoir ?",
    ),
    "culture": (
        "Une saison de théâtre hors les murs",
        "Le musée rouvre ses réserves",
        "Rencontre avec une illustratrice",
        "Patrimoine : trois chantiers à visiter",
    ),
    "sport": (
        "Le derby vu des tribunes",
        "Trail : les sentiers de l'automne",
        "Voile, l'école des marins",
        "Handball : la belle série",
    ),
    "sciences": (
        "Ce que disent les carottes de glace",
        "Un télescope dans la lande",
        "La mémoire des abeilles",
        "Comprendre les marées en cinq questions",
    ),
    "santé": (
        "Mieux dormir, ce que l'on sait",
        "Déserts médicaux : une commune s'organise",
        "Vaccins d'automne, le calendrier",
        "Vivre avec une maladie rare",
    ),
    "environnement": (
        "La rivière revient en ville",
        "Haies : le retour du bocage",
        "Éoliennes, l'enquête publique",
        "Réparer plutôt que jeter",
    ),
    "région": (
        "Le pont rouvrira au printemps",
        "La ligne du littoral en sursis",
        "Petits commerces, grande rue",
        "Recensement : les villages qui gagnent",
    ),
    "cuisine": (
        "Le far, version grand-mère",
        "Marché : que faire des coings ?",
        "Trois tables à moins de vingt euros",
        "Conserves maison sans risque",
    ),
    "musique": (
        "Jazz : la nuit la plus longue",
        "Les sessions du Cargo, épisode 12",
        "Chorales, le plein de voix",
        "Portrait d'une luthière",
    ),
    "livres": (
        "La rentrée en vingt romans",
        "Polars d'ici et d'ailleurs",
        "Relire les classiques en famille",
        "Librairies : la carte des ouvertures",
    ),
    "cinéma": (
        "Un film tourné sur nos quais",
        "Ciné-club : la programmation",
        "Documentaire, le regard lent",
        "Les salles qui résistent",
    ),
    "jardin": (
        "Planter avant l'hiver",
        "Semis : le bon calendrier",
        "Un potager sur le balcon",
        "Composter sans odeur",
    ),
    "voyages": (
        "Trois îles hors saison",
        "L'Europe en train de nuit",
        "Randonnée : le tour du cap",
        "Dormir au phare",
    ),
    "numérique": (
        "Vos données, vos droits",
        "Le lycée sans téléphone",
        "Logiciels libres à la mairie",
        "Arnaques : les reconnaître",
    ),
    "éducation": (
        "Rentrée : les classes qui ouvrent",
        "Apprendre dehors",
        "Orientation, les bonnes questions",
        "Cantines : le bio avance",
    ),
}
