/* The system's libyaml, as Swift sees it. */
#ifndef WAMP_SIDECAR_CYAML_H
#define WAMP_SIDECAR_CYAML_H

#include <yaml.h>

#endif
