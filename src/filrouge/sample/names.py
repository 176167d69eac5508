"""Names to invent people from: given names by generation, family names of every origin found in France, nicknames."""

from __future__ import annotations

from filrouge.sample.dice import Dice

_WOMEN = {
    1945: """Marie Monique Françoise Jacqueline Nicole Jeannine Denise Christiane Colette Yvette Annie Josette Michèle
    Danielle Jeanne Andrée Simone Suzanne Geneviève Marie-Thérèse Huguette Paulette Ginette Bernadette Solange
    Marie-Claude Arlette Raymonde Odette Thérèse Liliane Micheline Anne-Marie Gisèle Fernande Lucette""",
    1960: """Martine Catherine Sylvie Christine Brigitte Patricia Isabelle Chantal Véronique Dominique Nathalie Corinne
    Évelyne Pascale Marie-Christine Marie-Hélène Élisabeth Béatrice Laurence Fabienne Anne Joëlle Muriel Agnès
    Mireille Nadine Maryse Ghislaine Marie-Pierre Fatima Claudine Annick Marie-Laure Régine Maryvonne Khadija""",
    1975: """Stéphanie Sandrine Céline Valérie Sophie Karine Virginie Delphine Christelle Laëtitia Aurélie Séverine
    Magali Caroline Anne-Sophie Emmanuelle Sabrina Carole Peggy Estelle Florence Hélène Nadia Samira Vanessa
    Gaëlle Élodie Cécile Alexandra Frédérique Marie-Laure Ingrid Malika Rachida Maëlle Nathalie Myriam""",
    1990: """Julie Émilie Camille Marine Laura Pauline Marion Mathilde Manon Léa Sarah Chloé Lucie Anaïs Charlotte
    Amandine Mélanie Élise Justine Clémence Margaux Fanny Ophélie Coralie Aïcha Inès Yasmine Noémie Audrey
    Marie-Charlotte Solène Enora Maïwenn Aminata Fatoumata Salomé Clara Océane Morgane Linh Mai Joana""",
    2005: """Emma Jade Lola Zoé Lilou Louane Maëlys Romane Lina Alice Rose Ambre Agathe Juliette Louise Nina Éva Lou
    Capucine Célia Assia Apolline Garance Margot Léonie Victoire Iris Hanna Aya Mariam Naïma Victoria Théa Lison
    Anouk Maya Elsa Lucile Adèle Yaëlle Djeneba Luna""",
}
_MEN = {
    1945: """Jean Michel Pierre André Claude Bernard Jacques Roger René Robert Daniel Marcel Guy Gérard Maurice Georges
    Henri Raymond Louis Lucien Yves Serge Roland Jean-Claude Jean-Pierre Paul Gilbert Fernand Albert Christian
    Francis Jean-Marie Gaston Joseph Antoine Edmond""",
    1960: """Philippe Patrick Alain Dominique Pascal Thierry Bruno Éric Didier Gilles Jean-Luc Jean-Paul Jean-Marc
    Jean-François Hervé Marc Denis Jean-Michel Laurent François Vincent Olivier Joël Thierry Luc Bertrand Loïc
    Jean-Louis Mohamed Ahmed Ali Rachid Manuel António José Régis Gérald""",
    1975: """Christophe Stéphane Frédéric David Sébastien Nicolas Jérôme Cédric Arnaud Fabrice Ludovic Franck Yann Gaël
    Emmanuel Xavier Grégory Benoît Karim Mickaël Samuel Fabien Guillaume Raphaël Jean-Baptiste Alexandre Farid
    Nasser Tristan Erwan Ronan Jean-Christophe Richard Mehdi Salim Tanguy""",
    1990: """Thomas Julien Maxime Kevin Alexandre Clément Romain Anthony Quentin Florian Valentin Antoine Jérémy Hugo
    Adrien Mathieu Pierre Bastien Baptiste Simon Damien Corentin Yoann Guillaume Jordan Yanis Mamadou Ousmane
    Youssef Bilal Rémi Dylan Gwendal Pierre-Yves Étienne Minh Tiago Aurélien""",
    2005: """Lucas Enzo Nathan Mathis Théo Louis Gabriel Raphaël Arthur Jules Noah Adam Ethan Tom Sacha Léo Paul Timéo
    Axel Evan Maël Gabin Robin Rayan Ibrahim Malo Titouan Nolan Eliott Malik Imran Aaron Basile Marius Léon Côme
    Oscar Mattéo Ilyes Amadou Bao""",
}
WOMEN = {year: tuple(names.split()) for year, names in _WOMEN.items()}
MEN = {year: tuple(names.split()) for year, names in _MEN.items()}

# The commonest first; "_" stands for a space inside a name.
_FAMILIES = """
    Martin Bernard Thomas Petit Robert Richard Durand Dubois Moreau Laurent Simon Michel Lefèvre Leroy Roux David
    Bertrand Morel Fournier Girard Bonnet Dupont Lambert Fontaine Rousseau Vincent Muller Lefebvre Faure André Mercier
    Blanc Guérin Boyer Garnier Chevalier François Legrand Gauthier Garcia Perrin Robin Clément Morin Nicolas Henry
    Roussel Mathieu Gautier Masson Marchand Duval Denis Dumont Marie Lemaire Noël Meyer Dufour Meunier Brun Blanchard
    Giraud Joly Rivière Lucas Brunet Gaillard Barbier Arnaud Martinez Gérard Roche Renard Schmitt Roy Leroux Colin
    Vidal Caron Picard Roger Fabre Aubert Lemoine Renaud Dumas Lacroix Olivier Philippe Bourgeois Pierre Benoît Rey
    Leclerc Payet Rolland Leclercq Guillaume Lecomte Lopez Jean Dupuy Guillot Hubert Berger Carpentier Sanchez Dupuis
    Moulin Louis Deschamps Huet Vasseur Perez Boucher Fleury Royer Klein Jacquet Adam Paris Poirier Marty Aubry Guyot
    Carré Charles Renault Charpentier Ménard Maillard Baron Bertin Bailly Hervé Schneider Fernandez Le_Gall Collet
    Léger Bouvier Julien Prévost Millet Perrot Daniel Le_Roux Cousin Germain Breton Besson Langlois Rémy Le_Goff
    Pelletier Lévêque Perrier Leblanc Barré Lebrun Marchal Weber Mallet Hamon Boulanger Jacob Monnier Michaud Rodriguez
    Guichard Gillet Étienne Grondin Poulain Tessier Chevallier Collin Chauvin Da_Silva Bouchet Gay Lemaître Bénard
    Maréchal Humbert Reynaud Antoine Hoarau Perret Barthélemy Cordier Pichon Lejeune Gilbert Lamy Delaunay Pasquier
    Carlier Laporte Gros Lacombe Buisson Dos_Santos Bouvet Delattre Leduc Blanchet Rossi Coulon Maurin Benhamou
    Ferreira Pereira Rodrigues Martins Nguyen Tran Pham Traoré Diallo Diop Ndiaye Coulibaly Keïta Camara Konaté Benali
    Haddad Mansouri Belkacem Bouzid Cherif Ziani Amrani El_Idrissi Benslimane Saïdi Hamidi Toumi Khelifi Brahimi
    Belaïd Meziane Aït_Ahmed Boukhalfa Ouali Yilmaz Kaya Demir Öztürk Kowalski Nowak Wiśniewska Kaczmarek Lewandowski
    Popescu Ionescu Petrov Ivanova Novak Horvat Marković Jovanović Hernandez Gonzalez Torres Navarro Ortega Ruiz
    Esposito Ricci Moretti Bianchi Ferrari Gallo Santini Colonna Casanova Mattei Leca Poli Giacobbi Luciani Albertini
    Le_Guen Le_Bihan Le_Corre Le_Floc'h Quéméner Kervella Kerbrat Guivarc'h Madec Tanguy Cadiou Abgrall Cloarec
    Riou Quéré Jaouen Péron Bihannic Lozach Etcheverry Etchegaray Iriart Elissalde Harispe Bidegain Irigoyen Uhart
    Haristoy Mendiburu Sarrazin Delmas Cazenave Cazaux Lafitte Lacoste Laborde Labat Castaing Darrieux Puig Soler
    Ferrer Batlle Vila Casals Roca Vandenberghe Vandamme Vermeersch Deschodt Decroix Dehaene Delannoy Wattel Dewaele
    Debruyne Hochart Ammeux Zimmermann Fischer Schmidt Wagner Hoffmann Keller Walter Becker Kieffer Wolff Heitz
    Oberlé Kuntz Stoffel Ruch de_La_Tour de_Kermadec d'Aubigny d'Hautefeuille du_Plessis de_Montferrand Delacroix
    Desmoulins de_Saint-Aubin de_Beaurepaire Duchesne Delahaye Desjardins Dutertre Desroches Dubreuil
    Bellanger Boutin Cochet Coste Couturier Delorme Devaux Drouet Dujardin Évrard Favre Ferrand Foucher Gérin Godard
    Goujon Grandjean Grenier Guibert Guillon Hardy Imbert Jourdan Labbé Lagarde Launay Lebreton Ledoux Lelièvre Lenoir
    Lepage Lesage Levasseur Loiseau Magnier Maillet Mahé Mallard Marquet Mas Merle Michelet Morvan Navarre Neveu
    Pages Paquet Parmentier Pascal Paul Pinto Poncet Pons Pottier Pruvost Quentin Rault Ravel Raynaud Regnier Ribeiro
    Ricard Rocher Roques Rousset Salaün Salmon Sauvage Seguin Tanguy Thibault Thiry Toussaint Valentin Vallet
    Verdier Vial Villain Voisin Wolf Zanetti N'Diaye M'Bengué Ba Sow Cissé Touré Sylla Bamba Kouassi Koffi Mendy Gomis
    Rakotomalala Andrianasolo Ramanantsoa Rasolofo Payen Hibon Técher Robert-Duval Saint-Martin Saint-Pierre
    Petit-Jean Grand-Clément Bois-Robert Beau-Soleil Chen Li Wang Zhang Lin Huang Phan Le Vu Hoang Sok Chea Rasmussen
    Eriksen Larsson O'Brien Walsh Murray MacLeod Papadopoulos Georgiou Hakobyan Sarkissian Bagdassarian Azoulay
    Bensoussan
    Cohen Lévy Dahan Elbaz Toledano Haziza
"""
FAMILIES = tuple(name.replace("_", " ") for name in _FAMILIES.split())

NICKNAMES = {
    "Catherine": "Cathy", "Christine": "Chris", "Véronique": "Véro", "Stéphanie": "Steph", "Élisabeth": "Babeth",
    "Dominique": "Dom", "Jacqueline": "Jacotte", "Françoise": "Fanfan", "Caroline": "Caro", "Aurélie": "Lily",
    "Delphine": "Delph", "Alexandra": "Alex", "Mathilde": "Mathou", "Charlotte": "Charlie", "Emmanuelle": "Manue",
    "Isabelle": "Isa", "Sandrine": "Sandy", "Patricia": "Pat", "Virginie": "Ninie", "Laëtitia": "Laëti",
    "Marie-Christine": "Marie", "Marie-Thérèse": "Maïté", "Marie-Claude": "Marie", "Anne-Sophie": "Anne-So",
    "Philippe": "Phil", "Patrick": "Pat", "Jean-Pierre": "Jean", "Jean-François": "Jeff", "Jean-Baptiste": "JB",
    "Jean-Claude": "Jean", "Jean-Luc": "Jean", "Christophe": "Chris", "Stéphane": "Steph", "Frédéric": "Fred",
    "Sébastien": "Seb", "Nicolas": "Nico", "Jérôme": "Jé", "Laurent": "Lolo", "Alexandre": "Alex",
    "Guillaume": "Guigui",
    "Maxime": "Max", "Thomas": "Tom", "Anthony": "Tony", "Mathieu": "Mat", "Benoît": "Ben", "Grégory": "Greg",
    "Emmanuel": "Manu", "Mohamed": "Momo", "Gérard": "Gégé", "Vincent": "Vince", "Olivier": "Oliv", "Raphaël": "Raph",
    "Antoine": "Tonio", "Florian": "Flo", "Valentin": "Val", "Clément": "Clem", "Pauline": "Popo", "Camille": "Cam",
}  # fmt: skip

# Chance would sooner or later put these together, and they belong to somebody known.
_KNOWN = """
    Jean Dujardin|Isabelle Carré|Marion Maréchal|Robert Ménard|Laurent Berger|Philippe Martinez|Patrick Martin
    Michel Blanc
    Laurent Blanc|Thierry Henry|Pierre Richard|Didier Deschamps|Jean Charest|Raymond Barré|Jacques Martin|Alain Robert
    Michel Rolland|Claude Bernard|Paul Robert|Pierre Bourdieu|François Morel|Jean Moulin|Guy Moquet|Michel Fournier
    Jean-Michel Blanquer|Catherine Laborde|Françoise Laborde|Évelyne Dhéliat|Patrick Bruel|Pierre Perret|Michel Simon
    Jean-Jacques Rousseau|Daniel Cohen|Patrick Cohen|Bernard Hinault|Bernard Lavilliers|Marc Lévy|Justine Lévy
    Thomas Dutronc
    Gérard Collomb|Jean Renoir|Paul Bocuse|Christophe Barbier|Mathieu Gallet|François Bayrou|Roger Martin
"""
KNOWN = frozenset(name.strip() for line in _KNOWN.split("\n") for name in line.split("|"))


def given(dice: Dice, woman: bool, year: int) -> str:
    """Return a given name that was usual for a child born in ``year``."""
    book = WOMEN if woman else MEN
    era = min(book, key=lambda known: abs(known - (year + dice.between(-6, 6))))
    return dice.skewed(book[era], 1.3)


def family(dice: Dice) -> str:
    """Return a family name; one in forty bears two."""
    first = dice.skewed(FAMILIES, 1.5)
    if dice.chance(0.025):
        second = dice.pick(FAMILIES[:300])
        if second != first and " " not in first and "-" not in first:
            return f"{first}-{second}"
    return first


def nickname(name: str) -> str:
    """Return what friends call somebody, or the name itself."""
    return NICKNAMES.get(name, name)
