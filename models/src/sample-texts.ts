/** Questions and passages, written for this project, over which models are compared where a user names no other texts. */
export const SAMPLE_QUERIES: readonly string[] = [
  'how does a heat pump warm a house in winter',
  'what keeps an aircraft wing from stalling',
  'why is bread dough left to rise twice',
  'index that speeds up a database query',
  'treatment of iron deficiency',
  'who keeps bees through a cold winter and how',
  'signs that a bicycle chain is worn',
  'how tides depend on the moon',
];

export const SAMPLE_DOCUMENTS: readonly string[] = [
  'A heat pump moves heat from the cold outside air into the rooms: a refrigerant evaporates at low pressure outdoors, is compressed, and gives its warmth off indoors while it condenses.',
  'In a furnace gas is burnt, and a fan blows the heated air through ducts into the rooms.',
  'A wing stalls when the air can no longer follow its upper surface. Slats and vortex generators feed energy into the boundary layer and let it stay attached at higher angles of attack.',
  'The flaps are lowered on approach so that the aircraft can fly slowly without losing lift.',
  'After the first rise the dough is knocked back and shaped. The second rise lets the yeast fill it with fine, even bubbles, and gives the crumb its texture.',
  'Sourdough is raised by wild yeast and lactic bacteria that live in a mixture of flour and water.',
  'A B-tree index keeps the keys of a column in order, so the database finds matching rows in a few page reads instead of scanning the table.',
  'Every index must be updated when a row is written: many indexes make insertions slow.',
  'Iron deficiency is treated with iron by mouth, one dose a day or every other day, for three months after the blood count has returned to normal.',
  'Spinach, lentils and red meat are rich in iron; tea hinders its absorption.',
  'Beekeepers leave the colony at least fifteen kilograms of honey and shield the hive from wind; the bees form a cluster and keep its core warm by shivering their flight muscles.',
  'Bumblebee colonies die in autumn, and only the young queens survive under the ground.',
  'A worn chain has stretched: a gauge drops between its links, and the chain lifts off the front of the chainring when it is pulled.',
  'Oil the chain after riding in rain and wipe off what is too much.',
  'The moon pulls harder on the near side of the earth than on the far side; the difference raises two bulges of water, and the earth turning beneath them makes two high tides a day.',
  'At new and full moon sun and moon pull along one line and the tides are largest; these are called spring tides.',
];
