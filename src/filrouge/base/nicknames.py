"""Given names that stand for one another, French and English; each line is one group."""

from __future__ import annotations

from functools import lru_cache

_GROUPS = """
abraham abe bram
albert al bert albie
alexandre alexander alex sandro sacha sasha xander alec alexis
alexandra alex sandra sacha sasha alix
alfred alf fred freddie
amelie amy
andre andrew andy drew
andrea andie
angelique angie
anne annie ann anna anita nancy nan
anneliese liese
anthony antony tony antoine toine anton
antoinette toinette tony
arthur art archie
augustin auguste gus augustus
barbara barb babs barbie
bartholomew bart barthelemy
beatrice bea trixie beatrix
benedicte bene
benjamin ben benji benny
bernadette bernie
bernard bernie
bertrand bert
bradley brad
camille cam
caroline caro carole carrie carolyn
catherine katherine kathryn kate katie kathy cathy cat kat kitty katy cath
cecile cecilia cecily cissie
charles charlie chuck charly carl chas chaz
charlotte charlie lottie chacha
christelle chris
christian chris
christine chris christina tina chrissy christie
christophe christopher chris kit topher kris
claude claudius
claudine clo
clement clem
constance connie
corinne coco
cyril cy
daniel dan danny dani
danielle dani dany
david dave davy
deborah deb debbie debra
denis dennis denny
dominique dom domi dominic nick
donald don donnie
dorothee dorothy dot dottie dolly
douglas doug
edouard edward ed eddie ted teddy ned edouart eduard
edmond edmund ed eddie ned
eleonore eleanor ellie nell nellie nora elena lenore eleanora
elisabeth elizabeth liz lizzie beth betty eliza lisa babette bess bessie betsy libby elsie elise eli lili
emilie emily em emmy milie
emma em emmie
emmanuel manu
emmanuelle manu
ernest ernie
estelle stella
ester esther essie hettie hester
etienne stephen steven steve stephane
eugene gene
eugenie genie
evelyne evelyn eve evie
fabien fab
fabienne fabi
fabrice fab
ferdinand fred nando
florence flo florie flossie
francois francis frank frankie franck
francoise frances fran francine fanny soizic
franklin frank
frederic frederick fred freddy frederik freddie fritz
frederique fred
gabriel gab gabe gaby
gabrielle gab gaby
genevieve ginette viviane
geoffroy geoffrey jeff geoff jeffrey
georges george georgie
georgette georgie
gerald gerard gerry jerry
gilbert gil bert
gregoire gregory greg
guillaume william will bill billy willy willie guy liam
gustave gus
gwendoline gwen wendy
harold harry hal
helene helen ellen lena nell nellie
henri henry harry hank hal
henriette harriet hattie etta hettie
herbert herb bert
hubert bert hugh hugues
hugues hugh hughie
irene rene
isabelle isabel isa bella isabella belle zabeth
isaac ike zac
jacob jake jacques
jacques james jim jimmy jamie jack jacky
jacqueline jacky jackie
janet jan jane jenny
jasmine yasmine jas yasmin
jean john jack johnny jon jeannot johannes
jeanne jane joan janie jeannette
jean-baptiste jb
jean-claude jc
jean-francois jf jeff
jean-luc jl
jean-marc jm
jean-marie jm
jean-michel jm
jean-paul jp
jean-philippe jp
jean-pierre jp
jennifer jen jenny jenni
jeremie jeremy jerry jem
jerome jerry
jessica jess jessie
joel jo
jonathan jon jonny nathan john
joseph joe joey jo jos
josephine jo josie josy
joshua josh
judith judy jude
julie jules juliette juliet julia
julien jules julian
karine karen
kenneth ken kenny
laurence laure laurie laurent larry lawrence
laurent lawrence larry laurie
leonard leo len lenny
leonie leo
leopold leo poldi
lewis louis lou louie lew ludwig
louise lou loulou louisa
lucas luc luke
lucie lucy lou lulu
lucille lucy lucile
ludovic ludo
madeleine maddie mado madeline maddy
magali mag
marc mark marco marcus
marcel marceau
margaret marguerite maggie meg peggy margot daisy greta madge rita margie maisie
marie mary maria mimi molly polly marion mae maryse manon minnie
marie-christine mc
marie-claude mc
marie-france mf
marie-jose marie-josephe mj
martine tina
martin marty
mathieu matthieu matthew matt mat mathew matthias
mathilde matilda tilly mattie maud
maurice morris momo
maxime max maxim maximilien maximilian
maximilienne max
melanie mel
melissa mel missy
michel michael mike mick mickey micky mitch mikael mickael micka
michele michelle mich shelly
monique mo
nathalie natalie nath nat
nathaniel nathan nat nate
nicholas nicolas nick nico nicky colas klaus
nicole nicky nico coco
olivia liv livvy
olivier oliver oli ollie noll
pamela pam
pascal pasc
patricia pat patty patsy trish tricia
patrice patrick pat
patrick pat paddy patric
paul paulo pol
pauline paula polly
percival percy
peter pierre pete pierrot pedro
perrine peronelle
philippe philip phil phillip filip pip
philippine phil
priscilla cilla
rachel rach rae
raphael raph raf
raymond ray
rebecca becca becky
reginald reg reggie
renaud reynald
richard rick dick rich ricky richie dickie
robert bob bobby rob robbie bert robin roberto
roderick rod
rodolphe rudolph rudy rodolf
roger rodge
roland rolland
rodrigue rod
ronald ron ronnie
samantha sam sammy
samuel sam sammy
sandrine sandy
sarah sara sally sadie
sebastien sebastian seb bastien basile
serge sergio
severine sev
simon sim
solange sol
sophie sophia sofia soph
stanislas stan stanley
stephane steph stephan stephen
stephanie steph stefanie
susan suzanne sue susie suzy susanna susannah
sylvain sylvie sly
sylvie syl
tatiana tania tanya
theodore theo ted teddy
therese theresa teresa terry tess tessa
thibault thibaut thibaud tibo
thierry terry
thomas tom tommy thom
timothee timothy tim timmy
ulysse uly
valentin val
valentine val tina
valerie val
vanessa nessa
veronique vero veronica
victor vic
victoire victoria vicky vic tory
vincent vince vinny vin
virginie virginia ginny
walter walt wally gauthier gautier
wilfried wilfred wil
xavier xav
yannick yann
yves ives
yvonne yvette evonne
zacharie zachary zac zach zack
zoe zo
"""


@lru_cache(maxsize=1)
def roots() -> dict[str, tuple[str, ...]]:
    """Return, for each known given name, the heads of the groups it belongs to (folded, hyphens as spaces)."""
    found: dict[str, set[str]] = {}
    for line in _GROUPS.strip().splitlines():
        names = [name.replace("-", " ") for name in line.split()]
        for name in names:
            found.setdefault(name, set()).add(names[0])
    return {name: tuple(sorted(heads)) for name, heads in found.items()}
