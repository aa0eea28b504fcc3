/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From a path in an overlay's layer to the path in the overlay: page cache and tmpfs files belong
 * to the real file below, people know the merged one. Pure.
 *
 * Kernel: fs/overlayfs/super.c, params.c (ovl_show_options): upperdir=, lowerdir= with ':' between
 * layers and '\' before a ':' within one, or, of mounts made with the new API, one lowerdir+= or
 * datadir+= a layer, not escaped. The strings are what the mounter passed: as it saw them, in its
 * namespace. Relative ones and symbolic links (docker's and podman's overlay2/l/...) match only
 * when the caller resolves them; upper layers, where all writes go, are given in full.
 */
#ifndef PAGETIDE_USER_OVERLAY_H
#define PAGETIDE_USER_OVERLAY_H

#include <sys/stat.h>

#include "mounts.h"

struct overlay_layer; /* private */

/* lstat() in the mount namespace of that process. 0 or -errno. */
typedef int (*overlay_look_fn)(void *context, pid_t pid, const char *path, struct stat *status);

struct overlay_index {
	struct overlay_layer *layers; /* owned */
	size_t count;
	overlay_look_fn look; /* set by the caller, after overlay__index; NULL: nothing is looked at */
	void *look_context;
};

/*
 * Follows a layer path in the mounter's namespace: writes the real path to dst (cap bytes), 0 or
 * -errno. May be NULL: then strings are taken as they stand.
 */
typedef int (*overlay_resolve_fn)(void *context, const char *path, char *dst, size_t cap);

/*
 * Indexes the layers of all overlay mounts in the view; it borrows from the view and must not
 * outlive it. 0 or -ENOMEM. Free with overlay__free, which takes a zeroed one.
 */
int overlay__index(const struct mount_view *view, overlay_resolve_fn resolve, void *context, struct overlay_index *out);
void overlay__free(struct overlay_index *index);

/*
 * The path within an overlay of a real path (as the root namespace sees it) that lies in one of
 * its layers. The deepest layer directory wins; then an upper one before a lower one (which many
 * overlays may share), a visible mount, the root namespace.
 * An overlay in which a layer above hides the file (it was removed, or changed and so copied up, or
 * is another one of that name) does not show it, as far as `look` is there and can tell: of a file
 * in a lower layer it looks at the overlay's file, the upper layer's and the file itself. Kernel:
 * fs/overlayfs/inode.c, ovl_getattr(): a lower file keeps its inode number in the overlay, but for
 * the highest bits.
 * *out must not be where real_path comes from.
 * 0, -ENOENT (in no layer, or hidden in all that have it), -ENAMETOOLONG.
 */
int overlay__path(const struct mount_view *view, const struct overlay_index *index, const char *real_path,
		  struct mount_path *out);

#endif
