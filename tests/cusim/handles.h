/*
 * What handles of the program mean. They are kept for ever, so that one that is used after its end is named and no address means
 * two things.
 */
#pragma once

#include <memory>
#include <vector>

#include "tests/cusim/fakes.h"

namespace cusim {

/* T has a member `destroyed`. */
template <class T> struct handles {
	std::vector<std::unique_ptr<T>> all;

	T *add(T *object)
	{
		all.emplace_back(object);
		return object;
	}

	/* NULL: it is none. */
	T *find(const void *handle, const char *kind)
	{
		for (const auto &object : all)
			if (object.get() == handle) {
				if (object->destroyed)
					fail("%s used after its destruction", kind);
				return object.get();
			}
		return nullptr;
	}

	T *get(const void *handle, const char *kind)
	{
		T *const object = find(handle, kind);
		if (!object)
			fail("%p is no %s", handle, kind);
		return object;
	}
};

} // namespace cusim
