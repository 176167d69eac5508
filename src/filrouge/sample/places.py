"""Places: French towns with their post codes, streets that every town has."""

from __future__ import annotations

from filrouge.sample.dice import Dice

# post code, town, weight in the sample
_TOWNS = """
75003 Paris 3|75010 Paris 4|75011 Paris 6|75012 Paris 4|75013 Paris 5|75014 Paris 4|75015 Paris 6|75017 Paris 5
75018 Paris 6|75019 Paris 5|75020 Paris 6|69001 Lyon 3|69003 Lyon 6|69007 Lyon 5|69008 Lyon 4|13001 Marseille 3
13005 Marseille 3|13008 Marseille 4|13012 Marseille 3|31000 Toulouse 7|31200 Toulouse 4|31500 Toulouse 3|06000 Nice 7
44000 Nantes 14|44100 Nantes 8|44200 Nantes 6|44300 Nantes 7|34000 Montpellier 6|34070 Montpellier 3|67000 Strasbourg 6
67100 Strasbourg 3|33000 Bordeaux 8|33200 Bordeaux 3|33800 Bordeaux 3|59000 Lille 6|59800 Lille 3|35000 Rennes 8
35200 Rennes 4|35700 Rennes 4|51100 Reims 3|42000 Saint-Étienne 3|76600 Le Havre 3|83000 Toulon 3|38000 Grenoble 4
21000 Dijon 3|49000 Angers 6|49100 Angers 4|30000 Nîmes 2|69100 Villeurbanne 3|63000 Clermont-Ferrand 3
72000 Le Mans 4|13100 Aix-en-Provence 3|29200 Brest 5|37000 Tours 4|80000 Amiens 2|87000 Limoges 2|74000 Annecy 3
66000 Perpignan 2|57000 Metz 2|25000 Besançon 2|45000 Orléans 2|76000 Rouen 3|68100 Mulhouse 2|14000 Caen 3
54000 Nancy 3|86000 Poitiers 2|84000 Avignon 2|17000 La Rochelle 3|64000 Pau 2|85000 La Roche-sur-Yon 3
44600 Saint-Nazaire 5|44800 Saint-Herblain 4|44400 Rezé 4|44500 La Baule-Escoublac 2|56000 Vannes 3|56100 Lorient 3
29000 Quimper 2|22000 Saint-Brieuc 2|35400 Saint-Malo 3|53000 Laval 2|49300 Cholet 2|79000 Niort 2|16000 Angoulême 1
19100 Brive-la-Gaillarde 1|24000 Périgueux 1|40000 Mont-de-Marsan 1|64100 Bayonne 2|65000 Tarbes 1|11000 Carcassonne 1
81000 Albi 1|82000 Montauban 1|12000 Rodez 1|48000 Mende 1|07200 Aubenas 1|26000 Valence 2|73000 Chambéry 2
01000 Bourg-en-Bresse 1|71000 Mâcon 1|39000 Lons-le-Saunier 1|70000 Vesoul 1|88000 Épinal 1|55000 Bar-le-Duc 1
08000 Charleville-Mézières 1|02100 Saint-Quentin 1|62000 Arras 1|62200 Boulogne-sur-Mer 1|59140 Dunkerque 2
60000 Beauvais 1|27000 Évreux 1|28000 Chartres 1|61000 Alençon 1|50100 Cherbourg-en-Cotentin 1|58000 Nevers 1
18000 Bourges 1|36000 Châteauroux 1|23000 Guéret 1|03100 Montluçon 1|43000 Le Puy-en-Velay 1|15000 Aurillac 1
46000 Cahors 1|47000 Agen 1|32000 Auch 1|09000 Foix 1|04100 Manosque 1|05000 Gap 1|20000 Ajaccio 1|20200 Bastia 1
92100 Boulogne-Billancourt 3|92400 Courbevoie 2|93100 Montreuil 3|93200 Saint-Denis 3|94300 Vincennes 2
78000 Versailles 2|91300 Massy 1|95000 Cergy 2|77000 Melun 1
"""

TOWNS = tuple(
    (code, town)
    for line in _TOWNS.split("\n")
    for cell in line.split("|")
    if cell
    for code, _, rest in [cell.partition(" ")]
    for town, _, weight in [rest.rpartition(" ")]
    for _ in range(int(weight))
)

_KINDS = ("rue", "rue", "rue", "rue", "avenue", "boulevard", "place", "impasse", "allée", "chemin", "quai")
_STREETS_TEXT = """
    de la République|de la Gare|de l'Église|du Moulin|des Écoles|de la Mairie|du Château|des Lilas|des Acacias|du Stade
    des Tilleuls|de la Fontaine|du Général-Leclerc|Victor-Hugo|Jean-Jaurès|Pasteur|de la Liberté|de Verdun|du 8-Mai-1945
    du 11-Novembre|des Jardins|de la Poste|du Lavoir|de Bretagne|de Normandie|des Cordeliers|de l'Abbaye|du Port
    des Marronniers|du Vieux-Pont|de la Forêt|des Vignes|du Puits|des Peupliers|de la Plage|du Commerce|des Halles
    Voltaire|Molière|Émile-Zola|George-Sand|Louise-Michel|Marie-Curie|des Mésanges|des Hirondelles|du Bois-Joli
    de la Croix-Blanche|des Trois-Moulins|de la Vallée|du Parc|des Roses|de la Tour|des Remparts|du Marché
    de l'Industrie
    des Prés|du Canal|de la Paix|des Carmes|Saint-Michel|Saint-Jean|Sainte-Anne|du Calvaire|des Chênes|de la Noë
"""
STREETS = tuple(name.strip() for line in _STREETS_TEXT.strip().split("\n") for name in line.split("|"))


def street(dice: Dice) -> str:
    """Return a number and a street."""
    number = dice.between(1, 140)
    suffix = " bis" if dice.chance(0.03) else ""
    return f"{number}{suffix} {dice.pick(_KINDS)} {dice.pick(STREETS)}"


def town(dice: Dice) -> tuple[str, str]:
    """Return a post code and its town."""
    return dice.pick(TOWNS)
