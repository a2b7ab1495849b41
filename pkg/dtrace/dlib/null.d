inline void *NULL = (void *)0;
