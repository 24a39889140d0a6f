/* SPDX-License-Identifier: MIT
 *
 * helpers/plugin.c - a shared object that leaves its mark as soon as it is
 * loaded, and looks like each kind of plug-in that a program might load.
 */
#include <stddef.h>

#include "mark.h"

unsigned int la_version(unsigned int version);
int gconv_init(void *step);
int bind_engine(void *engine, const char *id, const void *functions);
unsigned long v_check(unsigned long version);
int OSSL_provider_init(const void *handle, const void *in, const void **out, void **context);
int pam_sm_authenticate(void *handle, int flags, int argc, const char **argv);
int pam_sm_setcred(void *handle, int flags, int argc, const char **argv);
void *PyInit_plugin(void);

__attribute__((constructor)) static void loaded(void)
{
	(void)mark_leave();
}

unsigned int la_version(unsigned int version)
{
	return version;
}

int gconv_init(void *step)
{
	(void)step;
	return 1; /* __GCONV_NOCONV */
}

int bind_engine(void *engine, const char *id, const void *functions)
{
	(void)engine, (void)id, (void)functions;
	return 0;
}

unsigned long v_check(unsigned long version)
{
	(void)version;
	return 0;
}

int OSSL_provider_init(const void *handle, const void *in, const void **out, void **context)
{
	(void)handle, (void)in, (void)out, (void)context;
	return 0;
}

int pam_sm_authenticate(void *handle, int flags, int argc, const char **argv)
{
	(void)handle, (void)flags, (void)argc, (void)argv;
	return 0;
}

int pam_sm_setcred(void *handle, int flags, int argc, const char **argv)
{
	return pam_sm_authenticate(handle, flags, argc, argv);
}

void *PyInit_plugin(void)
{
	return NULL;
}
