inline int AF_INET = 2;
inline int AF_INET6 = 10;
