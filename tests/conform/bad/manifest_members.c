/* manifest.members: Misspells a member of the manifest. */
#define MORE_MEMBERS "\"recieve\":[\"poll\"],"
#include "../sound.h"
